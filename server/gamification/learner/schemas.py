"""What a learner sees of levels, streaks and achievements, as in the OpenAPI document."""

from datetime import datetime

import msgspec


class DayView(msgspec.Struct, frozen=True):
    day: str  # YYYY-MM-DD
    state: str  # learned, extra, off, frozen, missed, open, ahead; before: earlier than the first day


class StreakView(msgspec.Struct, frozen=True, kw_only=True):
    current: int  # days
    longest: int
    freezes: int  # held; one covers a missed day
    learned_today: bool
    today: str  # state of the current day, as in the week
    week: list[DayView]  # Monday to Sunday of this week
    last_freeze: str | None  # day that a freeze saved within the last two weeks


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    user_id: str
    total_xp: int
    level: int
    level_xp: int  # gained in this level
    level_size: int  # from this level to the next
    level_percent: int  # 0-99
    rank: int | None  # of all time; None: no XP yet, or staff
    lessons_completed: int
    courses_completed: int
    quizzes_passed: int
    achievements: int  # unlocked
    achievements_total: int
    study_seconds: int  # watched, what was played again included: whole ones of each session of the player
    streak: StreakView


class AchievementView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    description: str
    rarity: str  # common, rare, epic, legendary
    criterion: str
    threshold: int
    progress: int  # of the threshold, at most as much
    points: int  # XP
    unlocked_at: datetime | None
    learners_percent: float | None = None  # who have it; only in the caller's own list


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What the facts say; checking changes nothing that they do not say already."""

    message: str
    unlocked: list[AchievementView]


class StreakUpdated(msgspec.Struct, frozen=True, kw_only=True):
    message: str
    streak: StreakView


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """Response to a completion. `xp_awarded` is what this request has earned, achievements included."""

    message: str
    course_completed: bool
    xp_awarded: int
    total_xp: int
    level: int
    level_up: bool
    achievements: list[AchievementView]  # unlocked by it
