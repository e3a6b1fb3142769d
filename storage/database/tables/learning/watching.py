"""What people watched: coverage of lessons, sessions of the player, and delivered segments."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base


class WatchAllowance(Base):
    """How much new coverage a person can be credited with (spec section 4)."""

    __tablename__ = "watch_allowances"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    balance: Mapped[float]  # seconds
    as_of: Mapped[datetime]
    dropped: Mapped[float] = mapped_column(default=0.0)  # seconds that it could not pay, all together
    spare: Mapped[list[Any] | None]  # growth that the cap did not take: [[from, to, seconds], …]


class WatchCoverage(Base):
    """What one person has seen of one lesson."""

    __tablename__ = "watch_coverage"
    __table_args__ = (Index("ix_watch_coverage_lesson", "lesson_id"),)

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True)
    spans: Mapped[list[Any] | None]  # [[from, to], …] in tenths of a second, sorted and disjoint
    covered: Mapped[int] = mapped_column(default=0)  # tenths of a second in them
    position: Mapped[float] = mapped_column(default=0.0)  # seconds, where playing stopped last
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    views: Mapped[int] = mapped_column(default=0)
    viewed_at: Mapped[datetime | None]  # when the last view began
    staff: Mapped[bool] = mapped_column(default=False)  # teaches the course: left out of every figure
    # Whole seconds of the sessions that retention has deleted, without those of staff.
    kept_seconds: Mapped[int] = mapped_column(default=0)


class VideoAnalytics(Base):
    """One session of the player, from its first heartbeat to its last. The names are spec section 1's."""

    __tablename__ = "video_analytics"
    __table_args__ = (
        Index("ix_video_analytics_lesson", "lesson_id", "started_at"),
        # Of the sessions whose seconds may not be noted yet. `last_at` would change with every heartbeat.
        Index("ix_video_analytics_started_at", "started_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)  # drawn by the player
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]  # when its page was made
    last_at: Mapped[datetime]
    heartbeats: Mapped[list[Any] | None]  # numbers that were received: [[from, to], …]
    spans: Mapped[list[Any] | None]  # played in this session, in tenths of a second
    position: Mapped[float] = mapped_column(default=0.0)  # seconds, of its last heartbeat
    watch_seconds: Mapped[float] = mapped_column(default=0.0)  # what was played again included
    completion_percentage: Mapped[int] = mapped_column(default=0)  # of the lesson, in this session
    playback_speed: Mapped[float] = mapped_column(default=1.0)  # mean, weighted by time
    quality_selected: Mapped[str | None]  # the last: a rung's name
    device_type: Mapped[str | None]  # desktop, phone, tablet, tv
    staff: Mapped[bool] = mapped_column(default=False)


class SegmentDelivery(Base):
    """Which segments of a video were delivered to one person: a bit each, whichever rung."""

    __tablename__ = "segment_deliveries"

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)  # hex of playback.tokens.scope of the person
    bits: Mapped[bytes] = mapped_column(LargeBinary)  # the first segment in the lowest bit of the first byte


class ActivityDay(Base):
    """A local day on which somebody learned; the label never changes (spec sections 3 and 9)."""

    __tablename__ = "activity_days"
    __table_args__ = (
        Index("ix_activity_days_day", "day", "user_id"),  # people are counted from it alone
        Index(
            "ix_activity_days_unsettled",
            "user_id",
            postgresql_where=text("NOT settled"),
            sqlite_where=text("NOT settled"),
        ),
    )

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)  # YYYY-MM-DD
    first_at: Mapped[datetime | None]  # of what was learned on it first; None: not kept
    settled: Mapped[bool] = mapped_column(default=False)  # whether the XP ledger knows it
