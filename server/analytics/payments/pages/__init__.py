"""Administrator's pages of payments: the list, entering one, one with what belongs to it, import."""

from litestar.types import ControllerRouterHandler

from server.analytics.payments.pages import importing, new, one

ROUTES: list[ControllerRouterHandler] = [*new.ROUTES, *importing.ROUTES, *one.ROUTES]
