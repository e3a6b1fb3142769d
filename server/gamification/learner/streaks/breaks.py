"""Planned breaks: days off of a learner's own, entered before they begin."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.errors import NotFound
from server.gamification.learner import stats
from server.gamification.learner.streaks import rules
from server.gamification.learner.streaks.schemas import BreakView, NewBreak
from server.gamification.xp.streaks import Break
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import advisory_lock
from storage.database.tables import ActivityDay, StreakBreak
from storage.messages import N_

NO_BREAK = N_("You have planned no such break.")


async def plan(database: Database, user_id: str, new: NewBreak, now: datetime) -> BreakView:
    """Use case: plan a break. The same days again are the same break. Raises Invalid and Conflict."""
    async with database.write() as session:
        await _lock(session, user_id)
        today = await stats.today(session, now)
        rows = await _rows(session, user_id)
        for row in rows:
            if (row.first_day, row.last_day) == (new.first_day, new.last_day):
                return view(row, today)
        learned = select(func.max(ActivityDay.day)).where(ActivityDay.user_id == user_id)
        settled = await session.scalar(learned) or ""
        wanted = rules.checked(new.first_day, new.last_day, [_days(row) for row in rows], today, settled)
        row = StreakBreak(
            id=new_id(), user_id=user_id, first_day=wanted.first, last_day=wanted.last, created_at=now
        )
        session.add(row)
        return view(row, today)


async def stop(database: Database, user_id: str, break_id: str, now: datetime) -> BreakView | None:
    """Use case: withdraw a break that has not begun, which leaves None, or end a running one with today.
    Raises NotFound, and Conflict when it is over."""
    async with database.write() as session:
        await _lock(session, user_id)
        row = await session.get(StreakBreak, break_id)
        if row is None or row.user_id != user_id:
            raise NotFound(NO_BREAK)
        today = await stats.today(session, now)
        left = rules.stopped(_days(row), today)
        if left is None:
            await session.delete(row)
            return None
        row.last_day = left.last
        return view(row, today)


async def of_person(session: AsyncSession, user_id: str, today: str) -> list[BreakView]:
    """Step: the latest first."""
    return [view(row, today) for row in await _rows(session, user_id)]


def view(row: StreakBreak, today: str) -> BreakView:
    return BreakView(
        id=row.id, first_day=row.first_day, last_day=row.last_day, state=rules.state(_days(row), today)
    )


async def _lock(session: AsyncSession, user_id: str) -> None:
    """The limits hold for requests at once, too."""
    await advisory_lock(session, f"breaks/{user_id}")


async def _rows(session: AsyncSession, user_id: str) -> Sequence[StreakBreak]:
    mine = select(StreakBreak).where(StreakBreak.user_id == user_id)
    return (await session.scalars(mine.order_by(StreakBreak.first_day.desc(), StreakBreak.id))).all()


def _days(row: StreakBreak) -> Break:
    return Break(row.first_day, row.last_day)
