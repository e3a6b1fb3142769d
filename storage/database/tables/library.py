"""Courses, lessons, instructors and enrolments."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from storage.database.base import Base, new_id, state_check
from storage.database.search import search_default, search_key
from storage.states import LessonKind, PublicationStatus, VideoStatus


class Course(Base):
    __tablename__ = "courses"
    __table_args__ = (state_check("status", PublicationStatus),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str]
    search_key: Mapped[str] = mapped_column(default=search_default("title"))
    description: Mapped[str] = mapped_column(default="")
    status: Mapped[PublicationStatus] = mapped_column(default=PublicationStatus.DRAFT)
    completion_threshold: Mapped[int] = mapped_column(default=90)  # percent of a video that counts as watched
    approve_posts: Mapped[bool] = mapped_column(default=False)  # before other learners see them
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)  # of what a form edits; a save names the one it read

    @validates("title")
    def _fold(self, _column: str, title: str) -> str:
        self.search_key = search_key(title)
        return title


class CourseInstructor(Base):
    __tablename__ = "course_instructors"

    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Enrolment(Base):
    __tablename__ = "enrolments"
    __table_args__ = (
        Index(  # enrolments that there are, counted from it alone
            "ix_enrolments_live",
            *("course_id", "ended_at"),
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )

    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # left or removed; enrolling again clears it


class Lesson(Base):
    """A lesson of a course. The `video_*` and `transcoding_*` names are spec section 1."""

    __tablename__ = "lessons"
    __table_args__ = (
        state_check("kind", LessonKind),
        state_check("status", PublicationStatus),
        state_check("video_status", VideoStatus),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    position: Mapped[int]
    kind: Mapped[LessonKind] = mapped_column(default=LessonKind.VIDEO)
    status: Mapped[PublicationStatus] = mapped_column(default=PublicationStatus.DRAFT)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)  # of what a form edits; a save names the one it read

    reading_seconds: Mapped[int | None]  # of a text lesson, estimated; None: it has no text to read yet
    questions: Mapped[int | None]  # of a quiz lesson, asked in an attempt; None or 0: nothing to attempt yet

    # `video_id` is the revision that learners see: set when the first one becomes playable, replaced
    # when a later one is ready. `transcoding_job_id` is the newest revision, whatever its state; when it
    # failed or was cancelled while an older one is still being encoded, that one.
    video_id: Mapped[str | None]
    transcoding_job_id: Mapped[str | None]
    transcoding_progress: Mapped[int] = mapped_column(default=0)  # 0-100
    video_status: Mapped[VideoStatus | None]
    video_original_url: Mapped[str | None]  # object key under originals/
    video_hls_url: Mapped[str | None]  # /v/{video_id}/master.m3u8, without a token
    video_thumbnail_url: Mapped[str | None]
    video_duration_seconds: Mapped[float | None]
    video_quality_variants: Mapped[list[Any] | None]  # [{"name", "width", "height", "bandwidth"}], best first
