"""Changes of rules: made as drafts, looked at, then applied from now on or from the beginning. Use cases."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core import schedule
from server.core.audit.recording import Subject, record
from server.core.clock import local_day
from server.core.errors import Conflict, Invalid, NotFound
from server.gamification.changes import rules, writing
from server.gamification.changes.rules import AchievementChange, CalendarChange, Change, Since
from server.gamification.xp import books, defaults, ledger
from server.institution import service as institution
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.locks import advisory_lock, lock_row
from storage.database.tables import Achievement, RuleChange, RuleChangePerson, User, UserStats
from storage.messages import N_
from storage.states import ChangeScope, ChangeState
from storage.states.privacy import AuditAction, AuditSubject

TASK = "rule changes"
GONE = N_("There is no such change of the rules.")


async def propose(database: Database, viewer: Viewer, change: Change, now: datetime) -> str:
    """Store a draft, whose dry run begins within seconds; its id. Raises Invalid if it changes nothing."""
    async with database.write() as session:
        book = await books.book(session)
        base = rules.fingerprint(book)
        if rules.fingerprint(rules.changed(book, change)) == base:
            raise Invalid(N_("That is how it is already: nothing would change."))
        row = await _add(session, change, base, viewer.id, now, ChangeState.PREVIEWING)
    await schedule.run_now(database, TASK, now)
    return row.id


async def apply(database: Database, change_id: str, scope: str, by: str | None, now: datetime) -> RuleChange:
    """Change the rules; everybody is settled by the task. Safe to repeat.

    Raises Conflict when the dry run is not complete, or when the rules were changed meanwhile: then it runs
    again.
    """
    chosen = clean_scope(scope)
    async with database.write() as session:
        await advisory_lock(session, ledger.LOCK)
        row = await require(session, change_id)
        if row.state in (ChangeState.APPLYING, ChangeState.APPLIED):
            return row
        stale = await restart_if_stale(session, row)
        if not stale:
            if chosen == ChangeScope.FROM_BEGINNING and row.state != ChangeState.PREVIEWED:
                raise Conflict(N_("What the change would do is still being counted. Wait for it."))
            since = await since_now(session, now) if chosen == ChangeScope.FROM_NOW else None
            change = rules.read(row.change)
            await writing.write(session, change, since, by=by, now=now)
            await _begin(session, row, chosen, now)
            await _note(session, change, row.id, chosen, by, now)
    await schedule.run_now(database, TASK, now)
    if stale:
        raise Conflict(N_("The rules were changed meanwhile. Look at what the change would do now."))
    return row


async def apply_at_once(database: Database, viewer: Viewer, change: Change, scope: str, now: datetime) -> str:
    """Apply a change without a look at it. Returns its id."""
    chosen = clean_scope(scope)
    async with database.write() as session:
        await advisory_lock(session, ledger.LOCK)
        base = rules.fingerprint(await books.book(session))
        row = await _add(session, change, base, viewer.id, now, ChangeState.APPLYING)
        since = await since_now(session, now) if chosen == ChangeScope.FROM_NOW else None
        await writing.write(session, change, since, by=viewer.id, now=now)
        await _begin(session, row, chosen, now)
        await _note(session, change, row.id, chosen, viewer.id, now)
    await schedule.run_now(database, TASK, now)
    return row.id


async def discard(database: Database, change_id: str) -> None:
    """Delete a draft. Safe to repeat; an applied one stays."""
    drafts = (ChangeState.PREVIEWING, ChangeState.PREVIEWED)
    async with database.write() as session:
        found = delete(RuleChange).where(RuleChange.id == change_id, RuleChange.state.in_(drafts))
        await session.execute(found)


async def retire(database: Database, achievement_id: str, now: datetime, *, by: str | None = None) -> None:
    """Nobody unlocks the achievement any more; whoever has it keeps it. Safe to repeat. Raises NotFound."""
    async with database.write() as session:
        await advisory_lock(session, ledger.LOCK)
        row = await lock_row(session, Achievement, achievement_id)
        if row is None:
            raise NotFound(N_("There is no such achievement."))
        if row.retired_at is None:
            row.retired_at = now
            about = Subject(AuditSubject.ACHIEVEMENT, row.id, row.name)
            await record(
                session, by, AuditAction.ACHIEVEMENT_CHANGED, now, about=about, data={"retired": True}
            )


async def seed(database: Database, now: datetime, *, by: str | None = None) -> list[str]:
    """Put default achievements back that are missing, from now on; their ids. Safe to repeat."""
    async with database.write() as session:
        await advisory_lock(session, ledger.LOCK)
        added = []
        for position, one in enumerate(defaults.ACHIEVEMENTS):
            new = await insert_new(
                session,
                Achievement,
                id=one.id,
                name=one.name,
                description=one.description,
                criterion=one.criterion,
                threshold=one.threshold,
                rarity=one.rarity,
                position=position,
                since=now,
                earlier=[],
            )
            added += [one.id] if new else []
        if added:
            about = Subject(AuditSubject.ACHIEVEMENT)
            data = {"added": len(added)}
            await record(session, by, AuditAction.ACHIEVEMENT_CHANGED, now, about=about, data=data)
        return added


async def _note(
    session: AsyncSession, change: Change, change_id: str, scope: ChangeScope, by: str | None, now: datetime
) -> None:
    """Step: entry of the audit log for a change that is applied."""
    action, about = AuditAction.RULES_CHANGED, Subject(AuditSubject.RULES, change_id)
    if isinstance(change, CalendarChange):
        action = AuditAction.CALENDAR_CHANGED
    elif isinstance(change, AchievementChange):
        action = AuditAction.ACHIEVEMENT_CHANGED
        about = Subject(AuditSubject.ACHIEVEMENT, change.id, change.name)
    await record(session, by, action, now, about=about, data={"scope": scope})


def clean_scope(text: str) -> ChangeScope:
    if text not in tuple(ChangeScope):
        raise Invalid(N_("Choose whether the change is valid from now on or from the beginning."))
    return ChangeScope(text)


async def require(session: AsyncSession, change_id: str) -> RuleChange:
    """Step: the row, locked. Raises NotFound."""
    row = await lock_row(session, RuleChange, change_id)
    if row is None:
        raise NotFound(GONE)
    return row


async def restart_if_stale(session: AsyncSession, row: RuleChange) -> bool:
    """Step: begin a draft's dry run again if the rules are no longer those that it started from."""
    base = rules.fingerprint(await books.book(session))
    if base == row.base:
        return False
    await session.execute(delete(RuleChangePerson).where(RuleChangePerson.change_id == row.id))
    row.base, row.state, row.result, row.previewed_at = base, ChangeState.PREVIEWING, None, None
    row.cursor, row.done = "", 0
    return True


async def since_now(session: AsyncSession, now: datetime) -> Since:
    """Step: a change of the calendar begins with the next local day: today has begun already."""
    place = await institution.shown(session)
    today = local_day(now, place.time_zone, place.day_start_hour).isoformat()
    return Since(now, rules.next_day(today))


async def people_to_settle(session: AsyncSession) -> int:
    """Step: how many people have a ledger, accounts that are gone left out."""
    counted = select(func.count()).select_from(UserStats).join(User, User.id == UserStats.user_id)
    return await session.scalar(counted.where(User.erased_at.is_(None))) or 0


async def _add(
    session: AsyncSession, change: Change, base: str, by: str, now: datetime, state: ChangeState
) -> RuleChange:
    row = RuleChange(
        id=new_id(),
        change=rules.stored(change),
        base=base,
        state=state,
        created_at=now,
        created_by=by,
        people=await people_to_settle(session),
    )
    session.add(row)
    await session.flush()
    return row


async def _begin(session: AsyncSession, row: RuleChange, scope: ChangeScope, now: datetime) -> None:
    row.state, row.scope, row.applied_at = ChangeState.APPLYING, scope, now
    row.cursor, row.done, row.people = "", 0, await people_to_settle(session)
