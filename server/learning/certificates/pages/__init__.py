"""HTML pages of certificates, mounted by `server.app`."""

from litestar.types import ControllerRouterHandler

from server.learning.certificates.pages import public, teach

ROUTES: list[ControllerRouterHandler] = [*public.ROUTES, *teach.ROUTES]
