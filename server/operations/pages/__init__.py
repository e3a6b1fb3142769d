"""Pages of operators: maintenance mode and the removal of old originals."""

from litestar.types import ControllerRouterHandler

from server.operations.pages import maintenance, originals

ROUTES: list[ControllerRouterHandler] = [*maintenance.ROUTES, *originals.ROUTES]
