"""XP ledger, what is derived from it, achievements and leaderboards (spec section 2).

The ledger and what is derived from it name people by plain ids: their sums outlive an erased account, under
another id.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id, state_check
from storage.states import Criterion, LineReason, Rarity, Timeframe, XpRule


class XpRuleVersion(Base):
    """Value of a rule, from a moment on. The version that was valid when something happened pays it.

    `subject`: the achievement that names its own value; empty: all others.
    """

    __tablename__ = "xp_rules"
    __table_args__ = (state_check("rule", XpRule),)

    rule: Mapped[XpRule] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True, default="")
    version: Mapped[int] = mapped_column(primary_key=True)  # from 1
    amount: Mapped[int]  # XP
    valid_from: Mapped[datetime | None]  # None: from the beginning
    created_at: Mapped[datetime | None]  # None: it came with the server
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class XpTransaction(Base):
    """Line of the XP ledger: append-only. The n-th correction of a line has its subject and "#n"."""

    __tablename__ = "xp_transactions"
    __table_args__ = (
        state_check("rule", XpRule),
        state_check("reason", LineReason),
        UniqueConstraint("user_id", "rule", "subject", name="uq_xp_transactions_user_rule_subject"),
        # From the index alone, without a row far away for each line, boards are rebuilt in the order of
        # people (the columns up to `at`), and people are settled (the last three).
        Index(
            "ix_xp_transactions_user_id",
            *("user_id", "id", "amount", "local_day", "at", "rule", "subject", "reason"),
        ),
        Index("ix_xp_transactions_local_day", "local_day", "user_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str]
    rule: Mapped[XpRule]
    subject: Mapped[str]  # lesson, quiz, course, post, achievement or day, with "#n" in corrections
    amount: Mapped[int]  # XP; negative in corrections
    reason: Mapped[LineReason]
    rule_version: Mapped[int]
    at: Mapped[datetime]  # of what it is for
    local_day: Mapped[str]  # of what it is for: the day that weekly and monthly boards count it on
    course_id: Mapped[str | None]
    lesson_id: Mapped[str | None]


class UserStats(Base):
    """Sums of one person's ledger and facts; can be rebuilt from them."""

    __tablename__ = "user_stats"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    total_xp: Mapped[int] = mapped_column(default=0)
    level: Mapped[int] = mapped_column(default=0)
    lessons: Mapped[int] = mapped_column(default=0)  # completed
    courses: Mapped[int] = mapped_column(default=0)
    quizzes: Mapped[int] = mapped_column(default=0)  # passed
    longest_streak: Mapped[int] = mapped_column(default=0)  # days
    celebrated_level: Mapped[int] = mapped_column(default=0)  # the last one that was shown to the person
    updated_at: Mapped[datetime]


class Achievement(Base):
    """Achievement and its criterion. Names of the defaults are keys of the message catalogue."""

    __tablename__ = "achievements"
    __table_args__ = (state_check("criterion", Criterion), state_check("rarity", Rarity))

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    criterion: Mapped[Criterion]
    threshold: Mapped[int]
    since: Mapped[datetime | None]  # who reached it before does not unlock it; None: from the beginning
    earlier: Mapped[list[Any]] = mapped_column(default=list)  # terms of before: `engine.Terms`, oldest first
    rarity: Mapped[Rarity]
    position: Mapped[int]
    created_at: Mapped[datetime | None]  # None: it came with the server
    retired_at: Mapped[datetime | None]  # nobody unlocks it any more; whoever has it keeps it


class UserAchievement(Base):
    __tablename__ = "user_achievements"
    __table_args__ = (Index("ix_user_achievements_achievement", "achievement_id"),)

    user_id: Mapped[str] = mapped_column(primary_key=True)
    achievement_id: Mapped[str] = mapped_column(
        ForeignKey("achievements.id", ondelete="CASCADE"), primary_key=True
    )
    unlocked_at: Mapped[datetime]
    celebrated_at: Mapped[datetime | None]  # when the person was shown it, on whichever device


class LeaderboardRow(Base):
    """One person's XP in one period of a board. Only learners have rows, and only with XP."""

    __tablename__ = "leaderboard_cache"
    # Without row ids: key and index of the order are all there is. By person first: what is written together
    # lies together.
    __table_args__ = (state_check("timeframe", Timeframe), {"sqlite_with_rowid": False})

    user_id: Mapped[str] = mapped_column(primary_key=True)
    timeframe: Mapped[Timeframe] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)  # "", 2026-11, or the week's Monday
    xp: Mapped[int]
    reached_at: Mapped[datetime]  # of the last thing that counts in it: inside a tie the earlier is first


Index(
    "ix_leaderboard_cache_order",
    LeaderboardRow.timeframe,
    LeaderboardRow.period,
    LeaderboardRow.xp.desc(),
    LeaderboardRow.reached_at,
    LeaderboardRow.user_id,
)


class LeaderboardCount(Base):
    """How many people have exactly this XP in a period: a rank is a sum over the few that are higher."""

    __tablename__ = "leaderboard_counts"
    __table_args__ = (state_check("timeframe", Timeframe), {"sqlite_with_rowid": False})

    timeframe: Mapped[Timeframe] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    xp: Mapped[int] = mapped_column(primary_key=True)
    people: Mapped[int]


class BoardGroupMember(Base):
    """Learner in one of a week's groups of like effort. Written with their first XP of the week."""

    __tablename__ = "board_group_members"
    __table_args__ = (Index("ix_board_group_members_group", "period", "band", "number"),)

    period: Mapped[str] = mapped_column(primary_key=True)  # the week's Monday
    user_id: Mapped[str] = mapped_column(primary_key=True)
    band: Mapped[int]  # of the XP of the week before
    number: Mapped[int]  # of the group in its band, from 1


class GameSettings(Base):
    """What the institution decides about gamification: one row, made by the first decision."""

    __tablename__ = "game_settings"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    boards_on: Mapped[bool] = mapped_column(default=True)


class GamePreference(Base):
    """What a learner lets others see of it. Without a row: the defaults."""

    __tablename__ = "game_preferences"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    name_hidden: Mapped[bool] = mapped_column(default=False)  # on leaderboards
    profile_public: Mapped[bool] = mapped_column(default=False)  # to everybody who is signed in


class CalendarDay(Base):
    """Day off of the institution: no streak breaks or grows on it."""

    __tablename__ = "calendar_days"

    day: Mapped[str] = mapped_column(primary_key=True)  # YYYY-MM-DD
    name: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")  # name of the imported file; empty: entered by hand


class CalendarWeek(Base):
    """Days off of each week, from a day on."""

    __tablename__ = "calendar_weeks"

    valid_from: Mapped[str] = mapped_column(primary_key=True)  # YYYY-MM-DD; "": from the beginning
    weekdays: Mapped[str]  # days off, as digits: 0 Monday to 6 Sunday


class StreakBreak(Base):
    """Planned break of a learner: days off of their own, entered before they begin."""

    __tablename__ = "streak_breaks"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    first_day: Mapped[str]  # YYYY-MM-DD
    last_day: Mapped[str]
    created_at: Mapped[datetime]
