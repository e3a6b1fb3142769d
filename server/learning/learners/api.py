"""JSON API of a course's learners and their progress, and the table as a CSV file."""

from typing import Annotated, Literal

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.lists import MAX_PAGE, require
from server.institution import service as institution
from server.learning.learners import export, listing, person
from server.learning.learners.listing import LEARNERS
from server.learning.learners.rules import LearnerStatus
from server.learning.learners.schemas import Learners, OneLearner
from server.library.pages.shared import AnyRequest
from storage.database.engine import Database

TAGS = ["Learning"]
PageNumber = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]
Status = Annotated[
    LearnerStatus | None, QueryParameter(description="without it, everybody who is enrolled now")
]
Sort = Annotated[
    Literal["name", "status", "progress", "behind", "score", "passed", "seen", "away"],
    QueryParameter(
        description="`progress`, `score`, `passed` and `seen`: highest or latest first; `behind` and `away`: "
        "the other way round"
    ),
]


@get("/api/courses/{course_id:str}/learners", tags=TAGS)
async def list_learners(
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    search: FromQuery[str] = "",
    status: Status = None,
    sort: Sort = "name",
    page: PageNumber = 1,
) -> Learners:
    """Learners of a course with their progress, 50 a page; each word of `search` is a part of the name or the
    email address. For those who teach the course."""
    given = {"search": search, "status": status or "", "sort": sort, "page": str(page)}
    async with database.read() as session:
        found = await listing.shown(session, viewer, course_id, LEARNERS.read(given))
    return Learners(learners=found.items, page=found.state.page, pages=found.pages, count=found.hits)


@get("/api/courses/{course_id:str}/learners/{user_id:str}", tags=TAGS)
async def show_learner(
    course_id: FromPath[str],
    user_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> OneLearner:
    """One learner with the published lessons of the course. What they watched when is only told in a course
    of at least five learners. For those who teach the course."""
    async with database.read() as session:
        return await person.one(session, viewer, course_id, user_id)


@get("/teach/courses/{course_id:str}/progress.csv", include_in_schema=False)
async def download(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Stream:
    """Everybody whom the table shows with this search, filter and order, on all its pages."""
    state = listing.LEARNERS.read(request.query_params)
    require(state.problems)
    async with database.read() as session:
        user_ids = await listing.in_order(session, viewer, course_id, state)
        zone = (await institution.shown(session)).time_zone
    return Stream(
        export.csv_of(database, course_id, user_ids, zone),
        media_type="text/csv",
        headers={"content-disposition": 'attachment; filename="progress.csv"'},
    )


ROUTES: list[ControllerRouterHandler] = [list_learners, show_learner, download]
