"""Rules and histories as the engine takes them, from the rows. Steps: each runs in its caller's session."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.xp.engine import KINDS, Award, Book, Fact, History, Key, Terms, Version
from server.gamification.xp.streaks import Break, Calendar
from storage.database.tables import (
    Achievement,
    ActivityDay,
    CalendarDay,
    CalendarWeek,
    LearningEvent,
    StreakBreak,
    XpRuleVersion,
)


async def calendar(session: AsyncSession) -> Calendar:
    days = await session.scalars(select(CalendarDay.day))
    weeks = await session.execute(
        select(CalendarWeek.valid_from, CalendarWeek.weekdays).order_by(CalendarWeek.valid_from)
    )
    return Calendar(frozenset(days), tuple((first, weekdays) for first, weekdays in weeks))


async def book(session: AsyncSession) -> Book:
    """Rules, achievements and calendar as they are now."""
    versions: dict[Key, list[Version]] = defaultdict(list)
    for row in await session.scalars(select(XpRuleVersion).order_by(XpRuleVersion.version)):
        versions[Key(row.rule, row.subject)].append(Version(row.version, row.amount, row.valid_from))
    rows = await session.scalars(select(Achievement).order_by(Achievement.position, Achievement.id))
    awards = tuple(_award(row) for row in rows)
    return Book(
        versions={key: tuple(known) for key, known in versions.items()},
        awards=awards,
        calendar=await calendar(session),
    )


def _award(row: Achievement) -> Award:
    return Award(
        id=row.id,
        criterion=row.criterion,
        threshold=row.threshold,
        retired=row.retired_at is not None,
        since=row.since,
        earlier=msgspec.convert(row.earlier, tuple[Terms, ...]),
    )


async def histories(session: AsyncSession, user_ids: Collection[str]) -> Mapping[str, History]:
    """What each of the people did."""
    facts: dict[str, list[Fact]] = {user_id: [] for user_id in user_ids}
    fact = LearningEvent
    columns = select(
        fact.user_id, fact.kind, fact.subject, fact.at, fact.local_day, fact.course_id, fact.lesson_id
    )
    for row in await session.execute(columns.where(fact.user_id.in_(facts), fact.kind.in_(KINDS))):
        facts[row.user_id].append(
            Fact(row.kind, row.subject, row.at, row.local_day, row.course_id, row.lesson_id)
        )
    days = await _days(session, user_ids)
    breaks = await _breaks(session, user_ids)
    return {
        user_id: History(facts=facts[user_id], days=days[user_id], breaks=tuple(breaks[user_id]))
        for user_id in user_ids
    }


async def streak_days(session: AsyncSession, user_id: str) -> History:
    """What one person's streak comes from."""
    days, breaks = await _days(session, [user_id]), await _breaks(session, [user_id])
    return History(days=days[user_id], breaks=tuple(breaks[user_id]))


async def _days(session: AsyncSession, user_ids: Collection[str]) -> Mapping[str, dict[str, datetime | None]]:
    found: dict[str, dict[str, datetime | None]] = defaultdict(dict)
    rows = select(ActivityDay.user_id, ActivityDay.day, ActivityDay.first_at)
    for user_id, day, first_at in await session.execute(rows.where(ActivityDay.user_id.in_(user_ids))):
        found[user_id][day] = first_at
    return found


async def _breaks(session: AsyncSession, user_ids: Collection[str]) -> Mapping[str, list[Break]]:
    found: dict[str, list[Break]] = defaultdict(list)
    rows = select(StreakBreak.user_id, StreakBreak.first_day, StreakBreak.last_day)
    for user_id, first, last in await session.execute(rows.where(StreakBreak.user_id.in_(user_ids))):
        found[user_id].append(Break(first, last))
    return found
