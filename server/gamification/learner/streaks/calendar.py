"""Streak calendar of one person: every day's state, freezes and breaks. Steps."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.learner import stats
from server.gamification.learner.schemas import DayView
from server.gamification.learner.streaks import breaks
from server.gamification.learner.streaks.schemas import StreakCalendar


async def of_person(session: AsyncSession, user_id: str, now: datetime) -> StreakCalendar:
    today = await stats.today(session, now)
    found = await stats.streak(session, user_id, today)
    return StreakCalendar(
        today=today,
        current=found.current,
        longest=found.longest,
        freezes=found.freezes,
        freezes_earned=list(found.earned),
        freezes_used=found.frozen,
        days=[DayView(day, stats.day_state(found, day, today)) for day in found.days or (today,)],
        breaks=await breaks.of_person(session, user_id, today),
    )
