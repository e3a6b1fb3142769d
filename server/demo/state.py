"""How far the demo of an installation is: two entries of its audit log, at the beginning and at the end."""

from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.audit.recording import record
from server.core.errors import Conflict
from storage.database.tables import AuditEntry, Course, User
from storage.messages import N_
from storage.states import Role
from storage.states.privacy import AuditAction, AuditSubject

KEY = "demo"  # in the data of the entries
BEGUN, DONE = "begun", "done"

IN_USE = N_(
    "This installation is in use: it has %(people)s people besides its first administrator and %(courses)s "
    "courses. The demo is only written into an empty one; name another folder with --data."
)
THERE = N_("The demo is there already. Sign in, or name another folder with --data to make it again.")
OTHER_SIZE = N_(
    "A demo with %(people)s people was begun here and not finished. "
    "Run the command with --people %(people)s, or name another folder with --data."
)


class Begun(msgspec.Struct, frozen=True):
    """The demo that was begun: its last moment, and how many people it has."""

    at: datetime
    people: int


async def begun(session: AsyncSession, people: int) -> Begun | None:
    """Step: what is to be finished; None where nothing was begun. Raises Conflict where the demo must not
    be written."""
    entry = AuditEntry
    found = select(entry.at, entry.data).where(
        entry.action == AuditAction.PEOPLE_IMPORTED, entry.subject_kind == AuditSubject.INSTALLATION
    )
    marks = {data[KEY]: (at, data) for at, data in await session.execute(found) if KEY in data}
    if DONE in marks:
        raise Conflict(THERE)
    if BEGUN not in marks:
        await _require_empty(session)
        return None
    at, data = marks[BEGUN]
    if data["people"] != people:
        raise Conflict(OTHER_SIZE, people=data["people"])
    return Begun(at, people)


async def _require_empty(session: AsyncSession) -> None:
    people = await session.scalar(select(func.count()).select_from(User)) or 0
    administrators = await session.scalar(select(func.count()).where(User.role == Role.ADMINISTRATOR)) or 0
    courses = await session.scalar(select(func.count()).select_from(Course)) or 0
    others = people - min(administrators, 1)
    if others or courses:
        raise Conflict(IN_USE, people=others, courses=courses)


async def mark(session: AsyncSession, what: str, people: int, at: datetime) -> None:
    """Step."""
    await record(session, None, AuditAction.PEOPLE_IMPORTED, at, data={KEY: what, "people": people})
