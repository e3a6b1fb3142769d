"""HTML of this feature; `server.app` mounts it."""

from litestar.types import ControllerRouterHandler

from server.accounts.pages import account, entry, people

ROUTES: list[ControllerRouterHandler] = [*entry.ROUTES, *account.ROUTES, *people.ROUTES]
