"""Writing of changed rules, achievements and calendar: the rows then make the book of `rules.changed`."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.changes import rules
from server.gamification.changes.rules import (
    AchievementChange,
    CalendarChange,
    Change,
    Since,
    ValuesChange,
)
from server.gamification.xp import books
from server.gamification.xp.engine import Book, Key
from storage.database.insert import insert_new, insert_new_rows
from storage.database.tables import Achievement, CalendarDay, CalendarWeek, XpRuleVersion
from storage.states import XpRule

PART = 500  # rows of one statement


async def write(
    session: AsyncSession, change: Change, since: Since | None, *, by: str | None, now: datetime
) -> None:
    """Step: change the rows. Nobody is settled by it. The caller holds the ledger's lock."""
    book = await books.book(session)
    match change:
        case ValuesChange():
            for rule, amount in change.amounts.items():
                await _add_version(session, book, Key(rule, ""), amount, since, by, now)
        case AchievementChange():
            await _write_achievement(session, book, change, since, by, now)
        case CalendarChange():
            await _write_calendar(session, change, since)


async def _add_version(
    session: AsyncSession,
    book: Book,
    key: Key,
    amount: int,
    since: Since | None,
    by: str | None,
    now: datetime,
) -> None:
    version = rules.next_version(book.versions.get(key, ()), amount, since)
    if version is not None:
        row = XpRuleVersion(
            rule=key.rule,
            subject=key.subject,
            version=version.number,
            amount=version.amount,
            valid_from=version.valid_from,
            created_at=now,
            created_by=by,
        )
        session.add(row)
        await session.flush()


async def _write_achievement(
    session: AsyncSession,
    book: Book,
    change: AchievementChange,
    since: Since | None,
    by: str | None,
    now: datetime,
) -> None:
    before = next((award for award in book.awards if award.id == change.id), None)
    after = rules.award_after(before, change, since)
    values: dict[str, Any] = {
        "name": change.name,
        "description": change.description,
        "rarity": change.rarity,
        "criterion": after.criterion,
        "threshold": after.threshold,
        "since": after.since,
        "earlier": msgspec.to_builtins(after.earlier),
        "retired_at": None,
    }
    if before is None:
        last = await session.scalar(select(func.max(Achievement.position)))
        position = 0 if last is None else last + 1
        await insert_new(session, Achievement, id=change.id, position=position, created_at=now, **values)
    else:
        await session.execute(update(Achievement).where(Achievement.id == change.id).values(**values))
    if change.points is not None:
        key = Key(XpRule.ACHIEVEMENT_UNLOCKED, change.id)
        await _add_version(session, book, key, change.points, since if before else None, by, now)


async def _write_calendar(session: AsyncSession, change: CalendarChange, since: Since | None) -> None:
    part = rules.days_of(change, since)
    for begin in range(0, len(part.remove), PART):
        gone = part.remove[begin : begin + PART]
        await session.execute(delete(CalendarDay).where(CalendarDay.day.in_(gone)))
    for begin in range(0, len(part.add), PART):
        new = part.add[begin : begin + PART]
        rows = [{"day": one.day, "name": one.name, "source": change.source} for one in new]
        await insert_new_rows(session, CalendarDay, rows)
    if change.weekdays is not None:
        first = since.day if since else ""
        later = delete(CalendarWeek).where(CalendarWeek.valid_from >= first)
        await session.execute(later)
        session.add(CalendarWeek(valid_from=first, weekdays=change.weekdays))
        await session.flush()
