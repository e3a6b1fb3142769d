"""Enrolments of a course. Each call is one transaction and checks the viewer's permissions."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, select

from server.accounts.identity import Viewer
from server.library import access
from server.library.schemas import Added, Member
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import Enrolment, User


async def of_course(database: Database, viewer: Viewer, course_id: str) -> list[Member]:
    """Enrolled learners by name, for instructors of the course."""
    async with database.read() as session:
        await access.course_for_teaching(session, viewer, course_id)
        rows = await session.execute(
            select(User, Enrolment.created_at)
            .join(Enrolment, Enrolment.user_id == User.id)
            .where(Enrolment.course_id == course_id)
            .order_by(func.lower(User.name), User.email)
        )
        return [Member(user.id, user.email, user.name, since) for user, since in rows]


async def add(
    database: Database, viewer: Viewer, course_id: str, emails: Iterable[str], now: datetime
) -> Added:
    """Enrols existing accounts and returns the other addresses as `unknown`. Idempotent."""
    wanted = list(dict.fromkeys(email.strip().lower() for email in emails))
    added, already, unknown = [], [], []
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        for email in wanted:
            user_id = await session.scalar(select(User.id).where(User.email == email))
            if user_id is None:
                unknown.append(email)
            elif await insert_new(session, Enrolment, course_id=course_id, user_id=user_id, created_at=now):
                added.append(email)
            else:
                already.append(email)
    return Added(tuple(added), tuple(already), tuple(unknown))


async def remove(database: Database, viewer: Viewer, course_id: str, user_id: str) -> None:
    """No error when the person is not enrolled."""
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        await session.execute(
            delete(Enrolment).where(Enrolment.course_id == course_id, Enrolment.user_id == user_id)
        )
