"""Revisions of a lesson's video, the jobs that make one, and the workers that take them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id


class Video(Base):
    """One revision: one original, one plan, one published set. Its id is the API's `job_id`."""

    __tablename__ = "videos"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'encoding', 'finishing', 'ready', 'failed', 'cancelled')", name="state"
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), index=True)
    source_key: Mapped[str] = mapped_column(unique=True)  # starting the same object twice is one revision
    filename: Mapped[str] = mapped_column(default="")
    source_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[str] = mapped_column(default="waiting")
    source: Mapped[dict[str, Any] | None]  # transcoder.media.Source
    plan: Mapped[dict[str, Any] | None]  # transcoder.planning.plan.Plan
    error: Mapped[str | None]  # a sentence for the instructor
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    playable_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Job(Base):
    """A unit of work and of retry. The row is the truth; a queue message only names it.

    `fence` rises with every claim: a worker writes only where the fence is still its own,
    so one that wakes up late changes nothing. It also names the take's objects.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("kind IN ('prepare', 'audio', 'chunk', 'finish')", name="kind"),
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state"),
        UniqueConstraint("video_id", "kind", "number", name="uq_jobs_video_kind_number"),
        Index("ix_jobs_state_lease", "state", "lease_until"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    number: Mapped[int] = mapped_column(default=0)  # the chunk's number; 0 for the others
    queue: Mapped[str]  # "quick" or "transcode"
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]  # workers.id
    lease_until: Mapped[datetime | None]
    queued_at: Mapped[datetime]  # when a message was last sent
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    progress: Mapped[float] = mapped_column(default=0.0)  # 0-1
    speed: Mapped[float | None]  # seconds of video per second of work
    error: Mapped[str | None]
    result: Mapped[dict[str, Any] | None]  # transcoder.media.ChunkResult, AudioResult, …


class WorkerRow(Base):
    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)  # host/slot: a restarted worker keeps its name
    host: Mapped[str]
    pid: Mapped[int]
    queue: Mapped[str]
    version: Mapped[str]
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
