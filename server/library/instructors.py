"""Instructors of a course. Each call is one transaction and checks the viewer's permissions."""

from sqlalchemy import delete, func, select

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Invalid
from server.library import access
from server.library.schemas import Member
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import Course, CourseInstructor, User
from storage.messages import N_
from storage.states import Role


async def of_course(database: Database, viewer: Viewer, course_id: str) -> list[Member]:
    """Instructors by name. Learners of the course see them without email addresses."""
    async with database.read() as session:
        await access.course_for_learning(session, viewer, course_id)
        teaches = await access.is_teaching(session, viewer, course_id)
        rows = await session.scalars(
            select(User)
            .join(CourseInstructor, CourseInstructor.user_id == User.id)
            .where(CourseInstructor.course_id == course_id)
            .order_by(func.lower(User.name), User.email)
        )
        return [Member(user.id, user.email if teaches else "", user.name) for user in rows]


async def add(database: Database, viewer: Viewer, course_id: str, email: str) -> None:
    """Idempotent. Raises Invalid when there is no such account or it has no teaching role."""
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        user = await session.scalar(select(User).where(User.email == email.strip().lower()))
        if user is None or user.role == Role.LEARNER:
            sentence = N_("There is no instructor with this address. An administrator can add one.")
            raise Invalid(sentence, fields={"email": sentence})
        await insert_new(session, CourseInstructor, course_id=course_id, user_id=user.id)


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
