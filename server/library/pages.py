"""Routes of this feature; `server.app` mounts them."""

from litestar.types import ControllerRouterHandler

ROUTES: list[ControllerRouterHandler] = []
