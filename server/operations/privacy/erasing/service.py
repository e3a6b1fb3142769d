"""Erasure of one person: begun in one transaction, done in steps, ended in one. Safe to run twice.

What dies half way is gone on with by the scheduled task, or by asking for it again.
"""

from datetime import datetime
from time import monotonic

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import administrators
from server.accounts.signing_in import limits
from server.accounts.signing_in.endings import end_access
from server.analytics.rollups.collecting import collect
from server.core.audit.recording import Subject, record, record_people
from server.core.clock import local_day, local_noon
from server.core.errors import Conflict, NotFound
from server.core.events import person_changed
from server.institution import service as institution
from server.operations.privacy.erasing.special import SPECIAL
from server.operations.privacy.erasing.steps import GONE, NOBODY, PSEUDONYM, Person
from server.services import Services
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import lock_row
from storage.database.tables import Erasure, User
from storage.messages import N_, Message, message
from storage.states.privacy import AuditAction, AuditSubject

STEPS = (*GONE, *NOBODY, *PSEUDONYM, *SPECIAL)
NO_ACCOUNT = N_("There is no such account.")
NOT_YOURSELF = N_("You cannot erase your own account. Another administrator can.")
REQUEST_SECONDS = 5.0  # of a page's request; the task does the rest
TASK_SECONDS = 20.0
WITHOUT_NAME = "erased.invalid"  # domain of a pseudonym's address, which nobody can have (RFC 2606)


async def begin(database: Database, person_id: str, now: datetime, *, by: str | None) -> None:
    """Use case: the person is signed out and cannot come back; boards and lists no longer show them.

    Idempotent. Raises NotFound, and Conflict for one's own account or when no administrator would be left.
    """
    if person_id == by:
        raise Conflict(NOT_YOURSELF)
    async with database.write() as session:
        before = await administrators.lock_administrators(session)
        user = await lock_row(session, User, person_id)
        if user is not None and await session.get(Erasure, person_id) is not None:
            return
        if user is None or user.erased_at is not None:
            raise NotFound(NO_ACCOUNT)
        await record_people(session, by, AuditAction.ERASURE_BEGUN, now, [user])
        user.disabled_at = user.disabled_at or now
        await end_access(session, user, now)
        await administrators.require_administrator(session, before)
        await person_changed(session, user.id)
        user.erased_at = now
        session.add(Erasure(user_id=user.id, pseudonym=_add_pseudonym(session, user, now), began_at=now))


def _add_pseudonym(session: AsyncSession, user: User, now: datetime) -> str:
    """Without a day of joining as long as the account has it, so that nobody counts twice."""
    pseudonym = new_id()
    session.add(
        User(
            id=pseudonym,
            email=f"{pseudonym}@{WITHOUT_NAME}",
            name="",
            role=user.role,
            created_at=now,
            created_day="",
            disabled_at=now,
            erased_at=now,
        )
    )
    return pseudonym


async def run(database: Database, person_id: str, now: datetime, seconds: float = float("inf")) -> bool:
    """Use case: do what is left; True when the person is gone. Nothing without `begin`."""
    until = monotonic() + seconds
    await collect(database, now)  # seconds of sessions that are not noted on their days yet
    async with database.read() as session:
        person = await _person(session, person_id)
    if person is None:
        return True
    for step in STEPS:
        found = 1
        while found:
            async with database.write() as session:
                found = await step(session, person)
            if monotonic() > until:
                return False
    async with database.write() as session:
        await _end(session, person, now)
    return True


async def _person(session: AsyncSession, person_id: str) -> Person | None:
    found = await session.execute(
        select(Erasure.pseudonym, User.email, User.name)
        .join(User, User.id == Erasure.user_id)
        .where(Erasure.user_id == person_id)
    )
    row = found.one_or_none()
    return Person(person_id, row.email, row.name, row.pseudonym) if row else None


async def _end(session: AsyncSession, person: Person, now: datetime) -> None:
    """Step: what came in meanwhile, then the account. Its day of joining goes to the pseudonym with it."""
    user = await lock_row(session, User, person.id)
    if user is None:  # another run was faster
        return
    for step in STEPS:
        while await step(session, person):
            pass
    await limits.forget(session, email=person.email)
    place = await institution.shown(session)
    day = user.created_day or local_day(user.created_at, place.time_zone, place.day_start_hour).isoformat()
    pseudonym = await session.get_one(User, person.pseudonym)
    pseudonym.created_day = day
    pseudonym.created_at = local_noon(day, place.time_zone, place.day_start_hour)
    await session.execute(delete(User).where(User.id == person.id))
    about = Subject(AuditSubject.PERSON, person.pseudonym)
    await record(session, None, AuditAction.PERSON_ERASED, now, about=about)


async def go_on(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Scheduled task: erasures that a request has begun and not ended."""
    async with services.database.read() as session:
        waiting = list(await session.scalars(select(Erasure.user_id).order_by(Erasure.began_at)))
    until, done = monotonic() + TASK_SECONDS, 0
    for person_id in waiting:
        done += await run(services.database, person_id, now, until - monotonic())
        if monotonic() > until:
            break
    return message(N_("Erased: %(count)s"), count=done) if done else None
