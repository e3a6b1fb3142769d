"""Instructors of a course. Each call checks the viewer's permissions and writes in one transaction."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.accounts.people import service as people
from server.core.errors import Conflict, Invalid
from server.library import access, courses, rules
from server.library.schemas import CourseView, Member
from storage.database.engine import Database
from storage.database.insert import insert_new_rows
from storage.database.paging import by_code_point
from storage.database.tables import Course, CourseInstructor, User
from storage.messages import N_
from storage.states import Role

MAX_ADDED = 500  # at a time: found by one query, and written by one statement
ONE_UNKNOWN = N_("There is no instructor with this address. An administrator can add one.")
SOME_UNKNOWN = N_(
    "Nobody was added. There is no instructor with these addresses: %(addresses)s. "
    "An administrator can add them."
)


async def of_course(database: Database, viewer: Viewer, course_id: str) -> list[Member]:
    async with database.read() as session:
        return await shown(session, await courses.shown(session, viewer, course_id))


async def shown(session: AsyncSession, course: CourseView) -> list[Member]:
    """Step: instructors by name of a course as its viewer was shown it. Learners see no email addresses."""
    rows = await session.execute(
        select(User.id, User.email, User.name)
        .join(CourseInstructor, CourseInstructor.user_id == User.id)
        .where(CourseInstructor.course_id == course.id)
        .order_by(by_code_point(User.search_key), by_code_point(User.email))
    )
    return [Member(user_id, email if course.can_edit else "", name) for user_id, email, name in rows]


async def add(database: Database, viewer: Viewer, course_id: str, emails: Sequence[str]) -> None:
    """All of them or none. Idempotent. Raises Invalid, which names those without a teaching account."""
    wanted = rules.clean_addresses(emails, most=MAX_ADDED)
    async with database.read() as session:  # other writers do not wait for the search
        await access.course_for_teaching(session, viewer, course_id)
        await _teachers(session, wanted)
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        # In one order: two lists at once never wait for each other.
        user_ids = sorted(await _teachers(session, wanted))
        rows = [{"course_id": course_id, "user_id": user_id} for user_id in user_ids]
        await insert_new_rows(session, CourseInstructor, rows)


async def _teachers(session: AsyncSession, wanted: Sequence[str]) -> list[str]:
    """Step: ids of the accounts with these addresses. Raises Invalid unless all of them may teach."""
    accounts = await people.by_emails(session, wanted)
    teachers = {email: user.id for email, user in accounts.items() if user.role != Role.LEARNER}
    unknown = [email for email in wanted if email not in teachers]
    if unknown:
        sentence = ONE_UNKNOWN if len(wanted) == 1 else SOME_UNKNOWN
        raise Invalid(sentence, fields={"email": sentence}, addresses=rules.some_of(unknown))
    return list(teachers.values())


async def remove(database: Database, viewer: Viewer, course_id: str, user_id: str) -> None:
    """Raises Conflict when the course would have no instructor left."""
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        await session.execute(select(Course.id).where(Course.id == course_id).with_for_update())
        await session.execute(
            delete(CourseInstructor).where(
                CourseInstructor.course_id == course_id, CourseInstructor.user_id == user_id
            )
        )
        if not await session.scalar(select(func.count()).where(CourseInstructor.course_id == course_id)):
            raise Conflict(N_("A course needs at least one instructor. Add another one first."))
