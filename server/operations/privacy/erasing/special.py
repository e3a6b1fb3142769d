"""Steps of an erasure for rows that need more than another id: facts, figures, payments, mails, logs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, cast, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.signing_in.invitation_mail import about
from server.core.clock import local_noon
from server.institution import service as institution
from server.operations.privacy.erasing.steps import LOT, Person, Step
from server.playback.tokens import scope
from storage.database.base import new_id
from storage.database.search import search_key
from storage.database.tables import (
    AuditEntry,
    CourseAnalytics,
    InstructorAnalytics,
    LearningEvent,
    OutboxMessage,
    Payment,
    SegmentDelivery,
    WatchDay,
    XpTransaction,
)
from storage.states.privacy import AuditSubject

DAYS = 31  # of figures, of one transaction


def dated(table: Any, *same: str) -> Step:
    """Facts or lines of the ledger get the pseudonym and noon of their local day. One that the pseudonym has
    already, by the columns `same`, is deleted."""

    async def step(session: AsyncSession, person: Person) -> int:
        columns = [getattr(table, name) for name in ("id", "local_day", *same)]
        rows = (await session.execute(select(*columns).where(table.user_id == person.id).limit(LOT))).all()
        keys = [getattr(table, name) for name in same]
        known = select(*keys).where(
            table.user_id == person.pseudonym, tuple_(*keys).in_([tuple(row[2:]) for row in rows])
        )
        there = {tuple(row) for row in await session.execute(known)} if rows else set()
        twice = [row.id for row in rows if tuple(row[2:]) in there]
        if twice:
            await session.execute(delete(table).where(table.id.in_(twice)))
        noon = await _noons(session, {row.local_day for row in rows})
        moved = [{"of": row.id, "noon": noon[row.local_day]} for row in rows if row.id not in twice]
        if moved:
            stored = table.__table__
            values = {"user_id": person.pseudonym, "at": bindparam("noon")}
            changed = update(stored).where(stored.c.id == bindparam("of")).values(values)
            await (await session.connection()).execute(changed, moved)
        return len(rows)

    return step


async def _noons(session: AsyncSession, days: set[str]) -> dict[str, datetime]:
    place = await institution.shown(session)
    return {day: local_noon(day, place.time_zone, place.day_start_hour) for day in days}


async def acted(session: AsyncSession, person: Person) -> int:
    """Facts that the person brought about: of others and, moved before, of the pseudonym."""
    own = select(LearningEvent.id).where(LearningEvent.actor_id == person.id).limit(LOT)
    changed = update(LearningEvent).where(LearningEvent.id.in_(own)).values(actor_id=person.pseudonym)
    return len((await session.execute(_quiet(changed.returning(LearningEvent.id)))).all())


def _quiet(statement: Any) -> Any:
    return statement.execution_options(synchronize_session=False)


async def watch_days(session: AsyncSession, person: Person) -> int:
    """Seconds of a day stay, without the session of the player."""
    day: Any = WatchDay.__table__
    chosen = select(day.c.session_id, day.c.day).where(day.c.user_id == person.id).limit(LOT)
    rows = [{"of": row[0], "on": row[1], "new": new_id()} for row in await session.execute(chosen)]
    if rows:
        own = (day.c.session_id == bindparam("of")) & (day.c.day == bindparam("on"))
        changed = update(day).where(own).values(session_id=bindparam("new"), user_id=person.pseudonym)
        await (await session.connection()).execute(changed, rows)
    return len(rows)


async def taught(session: AsyncSession, person: Person) -> int:
    """Figures of an instructor, and who taught a course then."""
    row, course = InstructorAnalytics, CourseAnalytics
    chosen = select(row.day).where(row.user_id == person.id).order_by(row.day).limit(DAYS)
    days = list(await session.scalars(chosen))
    if not days:
        return 0
    named = cast(course.taught_by, String).contains(person.id)
    for one in await session.scalars(select(course).where(course.day.in_(days), named)):
        one.taught_by = [person.pseudonym if name == person.id else name for name in one.taught_by]
    await session.flush()
    there = select(row.day).where(row.user_id == person.pseudonym, row.day.in_(days))
    own = row.user_id == person.id
    await session.execute(_quiet(delete(row).where(own, row.day.in_(there))))
    await session.execute(_quiet(update(row).where(own, row.day.in_(days)).values(user_id=person.pseudonym)))
    return len(days)


async def payments(session: AsyncSession, person: Person) -> int:
    """Without the address; a note that names the person goes, too."""
    own = (Payment.user_id == person.id) | (Payment.email == person.email)
    rows = (await session.scalars(select(Payment).where(own).order_by(Payment.id).limit(LOT))).all()
    for row in rows:
        note = row.note.casefold()
        if person.email in note or (person.name and person.name.casefold() in note):
            row.note = ""
        row.email, row.user_id = "", person.pseudonym
        row.search_key = search_key(row.external_id, row.note)
    await session.flush()
    return len(rows)


async def mails(session: AsyncSession, person: Person) -> int:
    message = OutboxMessage
    own = (message.recipient == person.email) | (message.about == about(person.id))
    gone = await session.execute(_quiet(delete(message).where(own).returning(message.id)))
    return len(gone.all())


async def deliveries(session: AsyncSession, person: Person) -> int:
    row = SegmentDelivery
    chosen = select(row.video_id).where(row.scope == scope(person.id).hex()).limit(LOT)
    gone = await session.execute(
        _quiet(
            delete(row)
            .where(row.scope == scope(person.id).hex(), row.video_id.in_(chosen))
            .returning(row.video_id)
        )
    )
    return len(gone.all())


async def audit(session: AsyncSession, person: Person) -> int:
    """What they did and what was done to them stays in the log, under the pseudonym."""
    entry = AuditEntry
    about_them = (entry.subject_kind == AuditSubject.PERSON) & (entry.subject_id == person.id)
    found = 0
    for own, values in (
        (entry.actor_id == person.id, {"actor_id": person.pseudonym, "actor_name": ""}),
        (about_them, {"subject_id": person.pseudonym, "label": ""}),
    ):
        lot = select(entry.id).where(own).limit(LOT)
        changed = update(entry).where(entry.id.in_(lot)).values(values).returning(entry.id)
        found += len((await session.execute(_quiet(changed))).all())
    return found


SPECIAL: Sequence[Step] = (
    mails,
    deliveries,
    payments,
    taught,
    watch_days,
    dated(LearningEvent, "kind", "subject"),
    acted,
    dated(XpTransaction, "rule", "subject"),
    audit,
)
