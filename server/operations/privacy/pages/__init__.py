"""Pages of privacy, mounted by `server.app`."""

from litestar.types import ControllerRouterHandler

from server.operations.privacy.pages.audit import ROUTES as AUDIT
from server.operations.privacy.pages.people import ROUTES as PEOPLE
from server.operations.privacy.pages.retention import ROUTES as RETENTION

ROUTES: list[ControllerRouterHandler] = [*AUDIT, *PEOPLE, *RETENTION]
