"""Streak calendar and planned breaks, as JSON and as template variables."""

import msgspec

from server.gamification.learner.schemas import DayView


class NewBreak(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    first_day: str  # YYYY-MM-DD, tomorrow at the earliest
    last_day: str


class BreakView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    first_day: str
    last_day: str
    state: str  # planned, running; over: also on its last day


class StreakCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """All days of a learner, from the first one of learning to today."""

    today: str  # in the institution's time zone
    current: int  # days
    longest: int
    freezes: int  # held
    freezes_earned: list[str]  # days
    freezes_used: list[str]  # days that a freeze saved
    days: list[DayView]
    breaks: list[BreakView]  # the latest first
