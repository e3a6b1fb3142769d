"""HTML pages of enrolling, mounted by `server.app`."""

from litestar.types import ControllerRouterHandler

from server.learning.enrolling.pages import learn, teach

ROUTES: list[ControllerRouterHandler] = [*learn.ROUTES, *teach.ROUTES]
