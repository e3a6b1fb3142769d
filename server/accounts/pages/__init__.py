"""HTML pages of accounts, mounted by `server.app`."""

from litestar.types import ControllerRouterHandler, ExceptionHandlersMap

from server.accounts.pages.account import ROUTES as ACCOUNT
from server.accounts.pages.importing import ROUTES as IMPORTING
from server.accounts.pages.invitations import ROUTES as INVITATIONS
from server.accounts.pages.people import ROUTES as PEOPLE
from server.accounts.pages.sign_in import HANDLERS as SIGN_IN_HANDLERS
from server.accounts.pages.sign_in import ROUTES as SIGN_IN

ROUTES: list[ControllerRouterHandler] = [*SIGN_IN, *ACCOUNT, *INVITATIONS, *IMPORTING, *PEOPLE]
HANDLERS: ExceptionHandlersMap = SIGN_IN_HANDLERS
