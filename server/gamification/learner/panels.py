"""Panel of a learner's own progress: level, XP, streak, rank."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.web.pages import Panel
from server.gamification.learner import celebrating
from server.gamification.learner.stats import stats
from server.gamification.xp.streaks import DayState
from storage.states import Role

LEARNING = (DayState.LEARNED, DayState.EXTRA)


async def card(session: AsyncSession, viewer: Viewer, now: datetime) -> Panel | None:
    """Step: the card of the dashboard. None for staff who learn nothing."""
    found = await stats(session, viewer.id, now)
    learns = found.total_xp or any(day.state in LEARNING for day in found.streak.week)
    if viewer.role != Role.LEARNER and not learns:
        return None
    waiting = await celebrating.is_waiting(session, viewer.id)
    return Panel("gamification/card.html", {"stats": found, "waiting": waiting})
