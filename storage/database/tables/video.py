"""Revisions of a lesson's video, their jobs, and the workers."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id, state_check
from storage.messages import Message
from storage.states import JobKind, JobState, RevisionState


class Video(Base):
    """A revision: one original, one plan, one published set. Its id is the API's `job_id`."""

    __tablename__ = "videos"
    __table_args__ = (state_check("state", RevisionState),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), index=True)
    source_key: Mapped[str] = mapped_column(unique=True)  # submitting the same object twice is one revision
    filename: Mapped[str] = mapped_column(default="")
    submitted_by: Mapped[str | None]  # users.id, for fair shares of the encoders; None: an operator
    source_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[RevisionState] = mapped_column(default=RevisionState.WAITING)
    source: Mapped[dict[str, Any] | None]  # transcoder.media.Source
    plan: Mapped[dict[str, Any] | None]  # transcoder.planning.plan.Plan
    published: Mapped[dict[str, Any] | None]  # transcoder.media.PublishedVideo, written when it is ready
    digests: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)  # transcoder.media.Digest by path
    mending: Mapped[dict[str, Any] | None]  # transcoder.media.Mending, while parts of it are made again
    mended_at: Mapped[datetime | None]
    damage: Mapped[Message | None]  # why it could not be made whole again, for the instructor
    damage_told_at: Mapped[datetime | None]
    error: Mapped[Message | None]  # for the instructor
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    playable_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Job(Base):
    """A unit of work and of retry. The row is authoritative; a queue message only names it.

    `fence` rises with every claim, and a worker's writes name the fence it was given, so a late
    worker changes nothing. The fence is also the attempt in the names of the job's objects.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        state_check("kind", JobKind),
        state_check("state", JobState),
        UniqueConstraint("video_id", "kind", "number", name="uq_jobs_video_kind_number"),
        Index("ix_jobs_state_lease", "state", "lease_until"),
        Index("ix_jobs_finished", "finished_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), index=True)
    kind: Mapped[JobKind]
    number: Mapped[int] = mapped_column(default=0)  # the chunk's number; 0 for the others
    queue: Mapped[str]  # "quick" or "transcode"
    state: Mapped[JobState] = mapped_column(default=JobState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]  # workers.id
    lease_until: Mapped[datetime | None]
    queued_at: Mapped[datetime]  # when a message was last sent
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cost: Mapped[float] = mapped_column(default=0.0)  # transcoder.planning.cost; 0 for prepare and finish
    progress: Mapped[float] = mapped_column(default=0.0)  # 0-1
    speed: Mapped[float | None]  # seconds of video per second of work
    error: Mapped[Message | None]
    result: Mapped[dict[str, Any] | None]  # transcoder.media.ChunkResult, AudioResult, …
    digests: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)  # transcoder.media.Digest by path


class WorkerRow(Base):
    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)  # host/slot, the same after a restart
    host: Mapped[str]
    pid: Mapped[int]
    queue: Mapped[str]
    version: Mapped[str]
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
