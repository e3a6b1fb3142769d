"""Ways into a course, and enrolments that learners begin and end themselves."""

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.learning.enrolling import joining, ways
from server.learning.enrolling.joining import Entered
from server.learning.enrolling.ways import Way
from storage.database.engine import Database

TAGS = ["Courses and lessons"]
COURSE = "/api/courses/{course_id:str}"


class Enrolling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to get in: `code` for a course with a code, nothing for an open one."""

    code: str | None = None


class WayChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mode: str  # instructor, open or code


@post(COURSE + "/enrol", status_code=200, tags=TAGS)
async def enrol(
    course_id: FromPath[str],
    data: JSONBody[Enrolling],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    client_address: NamedDependency[str],
) -> Entered:
    """Enrol the caller: in an open course, or with its code. Idempotent; wrong codes are limited."""
    if data.code is None:
        return await joining.enrol(database, viewer, course_id, clock.now())
    return await joining.join(database, viewer, data.code, client_address, clock.now(), course_id=course_id)


@delete(COURSE + "/enrol", tags=TAGS)
async def leave(
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Leave a course. What was learned is kept; enrolling again goes on with it."""
    await joining.leave(database, viewer, course_id, clock.now())


@get(COURSE + "/way", tags=TAGS)
async def way(
    course_id: FromPath[str], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Way:
    """How learners get into a course, for those who teach it."""
    return await ways.get(database, viewer, course_id)


@put(COURSE + "/way", tags=TAGS)
async def choose_way(
    course_id: FromPath[str],
    data: JSONBody[WayChoice],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Way:
    """Choose how learners get in: `instructor`, `open`, or `code`, which gets a code if it has none."""
    return await ways.choose(database, viewer, course_id, data.mode, clock.now())


@post(COURSE + "/code", status_code=200, tags=TAGS)
async def replace_code(
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Way:
    """Make a code by which learners enrol. One that the course had before is no longer valid."""
    return await ways.replace_code(database, viewer, course_id, clock.now())


@delete(COURSE + "/code", tags=TAGS)
async def switch_code_off(
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Switch the course's code off. Who is enrolled stays so."""
    await ways.switch_code_off(database, viewer, course_id, clock.now())


ROUTES: list[ControllerRouterHandler] = [enrol, leave, way, choose_way, replace_code, switch_code_off]
