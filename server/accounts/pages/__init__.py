"""HTML of this feature; `server.app` mounts it."""

from litestar.types import ControllerRouterHandler

from server.accounts.pages.account import ROUTES as ACCOUNT
from server.accounts.pages.people import ROUTES as PEOPLE
from server.accounts.pages.sign_in import ROUTES as ENTRY

ROUTES: list[ControllerRouterHandler] = [*ENTRY, *ACCOUNT, *PEOPLE]
