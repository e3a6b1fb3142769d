"""Courses, lessons, who teaches and who is enrolled."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id

DRAFT, PUBLISHED = "draft", "published"


class Course(Base):
    __tablename__ = "courses"
    __table_args__ = (CheckConstraint("status IN ('draft', 'published')", name="status"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=DRAFT)
    completion_threshold: Mapped[int] = mapped_column(default=90)  # percent of a video that counts as watched
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CourseInstructor(Base):
    __tablename__ = "course_instructors"

    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Enrolment(Base):
    __tablename__ = "enrolments"

    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[datetime]


class Lesson(Base):
    """A place in a course. The `video_*` and `transcoding_*` names are spec section 1."""

    __tablename__ = "lessons"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'published')", name="status"),
        CheckConstraint(
            "video_status IN ('uploading', 'processing', 'ready', 'failed')", name="video_status"
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    position: Mapped[int]
    status: Mapped[str] = mapped_column(default=DRAFT)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    # The revision that learners see: set when the first one becomes playable, swapped when a
    # later one is whole. `transcoding_job_id` is the newest revision, whatever became of it; when it
    # came to nothing while an older one is still at work, that one.
    video_id: Mapped[str | None]
    transcoding_job_id: Mapped[str | None]
    transcoding_progress: Mapped[int] = mapped_column(default=0)  # 0-100
    video_status: Mapped[str | None]
    video_original_url: Mapped[str | None]  # object key under originals/
    video_hls_url: Mapped[str | None]  # /v/{video_id}/master.m3u8, without a token
    video_thumbnail_url: Mapped[str | None]
    video_duration_seconds: Mapped[float | None]
    video_quality_variants: Mapped[list[Any] | None]  # [{"name", "width", "height", "bandwidth"}], best first
