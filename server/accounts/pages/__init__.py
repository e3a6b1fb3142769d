"""HTML of this feature; `server.app` mounts it."""

from litestar.types import ControllerRouterHandler

from server.accounts.pages.account import ROUTES as ACCOUNT
from server.accounts.pages.entry import ROUTES as ENTRY
from server.accounts.pages.people import ROUTES as PEOPLE

ROUTES: list[ControllerRouterHandler] = [*ENTRY, *ACCOUNT, *PEOPLE]
