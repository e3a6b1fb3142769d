"""Level, streak and counts of one person. Steps."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.clock import local_day
from server.gamification.boards import ranks
from server.gamification.learner import achievements
from server.gamification.learner.schemas import DayView, Stats, StreakView
from server.gamification.xp import books, history, rules, streaks
from server.gamification.xp.streaks import DayState, Streak
from server.institution import service as institution
from server.watching import played
from storage.database.tables import UserAchievement, UserStats
from storage.states import Timeframe

AHEAD = "ahead"  # state of a day that has not come yet
BEFORE = "before"  # of a day before the first one of learning
TOLD_DAYS = 14  # after which a used freeze is no longer told


async def today(session: AsyncSession, now: datetime) -> str:
    """Local day of the institution, as in `learning_events.local_day`."""
    place = await institution.shown(session)
    return local_day(now, place.time_zone, place.day_start_hour).isoformat()


async def streak(session: AsyncSession, user_id: str, day: str) -> Streak:
    """The streak up to a day: the same for the card, the calendar and the API."""
    known = await history.streak_days(session, user_id)
    return streaks.walk(known.days, (await books.book(session)).calendar, known.breaks, day)


def streak_view(found: Streak, day: str) -> StreakView:
    given = date.fromisoformat(day)
    monday = given - timedelta(days=given.weekday())
    week = [(monday + timedelta(days=number)).isoformat() for number in range(7)]
    since = (given - timedelta(days=TOLD_DAYS)).isoformat()
    return StreakView(
        current=found.current,
        longest=found.longest,
        freezes=found.freezes,
        learned_today=found.days.get(day) in (DayState.LEARNED, DayState.EXTRA),
        today=day_state(found, day, day),
        week=[DayView(one, day_state(found, one, day)) for one in week],
        last_freeze=max((one for one in found.frozen if one >= since), default=None),
    )


def day_state(found: Streak, one: str, today: str) -> str:
    """State of any day: the same on the card, in the calendar and in the API. Pure."""
    if one > today:
        return AHEAD
    return found.days.get(one, DayState.OPEN if one == today else BEFORE)


async def stats(session: AsyncSession, user_id: str, now: datetime) -> Stats:
    day = await today(session, now)
    row = await session.get(UserStats, user_id) or UserStats(
        total_xp=0, level=0, lessons=0, courses=0, quizzes=0
    )
    gained, size, percent = rules.level_progress(row.total_xp)
    mine = select(UserAchievement.achievement_id).where(UserAchievement.user_id == user_id)
    held = set(await session.scalars(mine))
    return Stats(
        user_id=user_id,
        total_xp=row.total_xp,
        level=row.level,
        level_xp=gained,
        level_size=size,
        level_percent=percent,
        rank=await ranks.rank(session, Timeframe.ALL_TIME, "", user_id),
        lessons_completed=row.lessons,
        courses_completed=row.courses,
        quizzes_passed=row.quizzes,
        achievements=len(held),
        achievements_total=await achievements.possible(session, user_id, held),
        study_seconds=await played.by_person(session, user_id),
        streak=streak_view(await streak(session, user_id, day), day),
    )
