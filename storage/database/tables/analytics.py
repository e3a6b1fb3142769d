"""Analytics: local days of what has no label of its own, daily rows, and how far they are computed.

Courses, lessons, videos and instructors are plain ids: what happened stays when they are deleted.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, state_check
from storage.states import EncodingKind


class WatchDay(Base):
    """Seconds that one session of the player was watched on a local day; no row for staff."""

    __tablename__ = "watch_days"
    __table_args__ = (
        Index("ix_watch_days_day", "day", "course_id", "user_id", "seconds"),
        Index("ix_watch_days_user_id", "user_id"),
    )

    session_id: Mapped[str] = mapped_column(primary_key=True)  # video_analytics.id
    day: Mapped[str] = mapped_column(primary_key=True)  # YYYY-MM-DD, a label that never changes
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    course_id: Mapped[str]
    lesson_id: Mapped[str]
    seconds: Mapped[int]  # whole ones, what was played again included


class EncodingEvent(Base):
    """A revision of a video was submitted, got ready, or failed for the first time."""

    __tablename__ = "encoding_events"
    __table_args__ = (
        state_check("kind", EncodingKind),
        Index("ix_encoding_events_kind_day", "kind", "day"),
    )

    video_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[EncodingKind] = mapped_column(primary_key=True)
    day: Mapped[str]  # YYYY-MM-DD, a label that never changes
    course_id: Mapped[str]
    seconds: Mapped[int] = mapped_column(default=0)  # of a ready video
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)  # of the original; of a ready one, its segments


class AnalyticsDay(Base):
    """How far a local day is computed (server/analytics/rollups/marking.py).

    It is dirty while `generation` is higher than `computed`.
    """

    __tablename__ = "analytics_days"

    day: Mapped[str] = mapped_column(primary_key=True)  # YYYY-MM-DD
    generation: Mapped[int] = mapped_column(default=1)  # raised by a fact when it is no higher than `claimed`
    claimed: Mapped[int] = mapped_column(default=0)  # by the latest aggregation that has begun
    computed: Mapped[int] = mapped_column(default=0)  # by the latest one whose rows are stored
    computed_at: Mapped[datetime | None]
    sealed_at: Mapped[datetime | None]  # when some of its facts were deleted: it is never computed again
    # What retention has deleted of the day, whether or not there was any: it can no longer be counted.
    sessions_gone: Mapped[bool] = mapped_column(default=False)
    facts_gone: Mapped[bool] = mapped_column(default=False)


class _Sums:
    """What is counted of a day and can be added up over days, courses and instructors."""

    enrolments_new: Mapped[int] = mapped_column(default=0)
    enrolments_left: Mapped[int] = mapped_column(default=0)
    enrolments_started: Mapped[int] = mapped_column(default=0)
    enrolments_halfway: Mapped[int] = mapped_column(default=0)
    enrolments_completed: Mapped[int] = mapped_column(default=0)
    lessons_completed: Mapped[int] = mapped_column(default=0)
    watch_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    quizzes_submitted: Mapped[int] = mapped_column(default=0)
    quizzes_passed: Mapped[int] = mapped_column(default=0)
    reviews_posted: Mapped[int] = mapped_column(default=0)
    uploads: Mapped[int] = mapped_column(default=0)
    encodes_succeeded: Mapped[int] = mapped_column(default=0)
    encodes_failed: Mapped[int] = mapped_column(default=0)
    encoded_seconds: Mapped[int] = mapped_column(BigInteger, default=0)


class PlatformAnalytics(_Sums, Base):
    """One local day of the whole institution."""

    __tablename__ = "platform_analytics"

    day: Mapped[str] = mapped_column(primary_key=True)
    people_new: Mapped[int] = mapped_column(default=0)
    active_people: Mapped[int] = mapped_column(default=0)  # distinct, of this day alone
    active_week: Mapped[int] = mapped_column(default=0)  # distinct people of the 7 days up to this one
    active_month: Mapped[int] = mapped_column(default=0)  # of the 30 days
    storage_bytes: Mapped[int | None] = mapped_column(BigInteger)  # measured when the day was first computed


class CourseAnalytics(_Sums, Base):
    """One local day of a course; none where nothing happened."""

    __tablename__ = "course_analytics"
    __table_args__ = (Index("ix_course_analytics_day", "day"),)

    course_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    active_people: Mapped[int] = mapped_column(default=0)  # distinct, of this day and course alone
    taught_by: Mapped[list[Any]] = mapped_column(default=list)  # users.id, when the row was first written


class InstructorAnalytics(_Sums, Base):
    """One local day of all the courses that an instructor taught then: sums of their rows, without people."""

    __tablename__ = "instructor_analytics"
    __table_args__ = (Index("ix_instructor_analytics_day", "day"),)

    user_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)


class AnalyticsCheck(Base):
    """Result of the last `analytics verify`: one row."""

    __tablename__ = "analytics_checks"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    first_day: Mapped[str]
    last_day: Mapped[str]
    days: Mapped[int]  # that were recomputed
    skipped: Mapped[int]  # sealed, or waiting to be computed
    left_out: Mapped[list[Any]] = mapped_column(default=list)  # of them, as rollups.checking.LeftOut
    found: Mapped[int]  # differences
    differences: Mapped[list[Any]]  # the first of them, as rollups.checking.Difference
