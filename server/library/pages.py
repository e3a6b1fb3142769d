"""HTML of this feature; `server.app` mounts it."""

from litestar.types import ControllerRouterHandler

ROUTES: list[ControllerRouterHandler] = []
