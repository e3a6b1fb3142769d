"""Files of privacy: the audit log as CSV, and one person's data, for themselves and for administrators."""

from datetime import datetime

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.lists import require
from server.institution import service as institution
from server.operations.privacy import audit_list
from server.operations.privacy.audit_list import AuditFilter
from server.operations.privacy.own_data import service as own_data
from storage.database.engine import Database


@get("/admin/audit.csv", include_in_schema=False)
async def download(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
) -> Stream:
    """Everything that the list shows with this filter, on all its pages."""
    state = AuditFilter.read(request.query_params)
    require(state.problems)
    zone = (await institution.get(database)).time_zone
    return Stream(
        audit_list.csv_of(database, state, zone),
        media_type="text/csv",
        headers={"content-disposition": 'attachment; filename="audit.csv"'},
    )


@get("/account/data.zip", include_in_schema=False)
async def own_file(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> Stream:
    return await _file(database, viewer.id, clock.now(), by=viewer.id)


@get("/admin/people/{person_id:str}/data.zip", include_in_schema=False)
async def file_of_person(
    person_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Stream:
    return await _file(database, person_id, clock.now(), by=administrator.id)


async def _file(database: Database, person_id: str, now: datetime, *, by: str) -> Stream:
    owner = await own_data.begin(database, person_id, now, by=by)
    headers = {"content-disposition": 'attachment; filename="skillstudio-data.zip"'}
    return Stream(own_data.blocks(database, owner, now), media_type="application/zip", headers=headers)


ROUTES: list[ControllerRouterHandler] = [download, own_file, file_of_person]
