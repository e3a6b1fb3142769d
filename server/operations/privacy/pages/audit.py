"""Audit log for administrators: filter by person, action and time in the address, pages, CSV."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Stream, Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.web.pages import page
from server.institution import service as institution
from server.operations.privacy import audit_list
from server.operations.privacy.audit_list import AuditFilter
from storage.database.engine import Database
from storage.states import AuditAction

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


@get(f"{HERE}.csv", include_in_schema=False)
async def download(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
) -> Stream:
    """Everything that the list shows with this filter, on all its pages."""
    zone = (await institution.get(database)).time_zone
    return Stream(
        audit_list.csv_of(database, AuditFilter.read(request.query_params), zone),
        media_type="text/csv",
        headers={"content-disposition": 'attachment; filename="audit.csv"'},
    )


ROUTES: list[ControllerRouterHandler] = [audit_page, download]
