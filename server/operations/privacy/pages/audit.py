"""Audit log for administrators: filter by person, action and time in the address, pages, CSV."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.web.pages import page
from server.institution import service as institution
from server.operations.privacy import audit_list
from server.operations.privacy.audit_list import AuditFilter
from storage.database.engine import Database
from storage.states.privacy import AuditAction

HERE = "/admin/audit"


@get(HERE)
async def audit_page(
    request: AnyRequest, administrator: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Template:
    async with database.read() as session:
        zone = (await institution.shown(session)).time_zone
        found = await audit_list.shown(session, AuditFilter.read(request.query_params), zone)
    return page(
        request,
        "privacy/audit.html",
        viewer=administrator,
        found=found,
        actions=list(AuditAction),
        zone=zone,
    )


ROUTES: list[ControllerRouterHandler] = [audit_page]
