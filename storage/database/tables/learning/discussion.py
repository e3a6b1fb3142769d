"""Reviews of courses, and the discussion of lessons: posts in two levels, and what each person has seen."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id, state_check
from storage.states import PostState, ReviewState


class Review(Base):
    """A learner's review of a course. Without stars: taken back while hidden; a new one stays hidden."""

    __tablename__ = "reviews"
    __table_args__ = (
        state_check("state", ReviewState),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        Index("ix_reviews_course_id_created_at", "course_id", "created_at"),
    )

    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    stars: Mapped[int | None]
    text: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    state: Mapped[ReviewState] = mapped_column(default=ReviewState.SHOWN)
    reason: Mapped[str] = mapped_column(default="")  # why it was hidden
    moderated_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class Post(Base):
    """A post in a lesson's discussion. Without `thread_id`: the first one of a thread."""

    __tablename__ = "posts"
    __table_args__ = (
        state_check("state", PostState),
        Index("ix_posts_lesson_id_active_at", "lesson_id", "active_at"),
        Index("ix_posts_user_id_created_at", "user_id", "created_at"),
        # Of the list of a course's posts: it is counted and sorted without their texts.
        Index("ix_posts_lesson_id_state", "lesson_id", "state", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    thread_id: Mapped[str | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    staff: Mapped[bool] = mapped_column(default=False)  # whether the author taught the course then
    text: Mapped[str]  # empty once deleted
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]  # when others could see it first; None: never
    active_at: Mapped[datetime]  # of a thread: of its newest post that others see
    locked: Mapped[bool] = mapped_column(default=False)  # a thread that takes no replies
    state: Mapped[PostState] = mapped_column(default=PostState.SHOWN)
    reason: Mapped[str] = mapped_column(default="")  # why it was hidden
    moderated_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class DiscussionSeen(Base):
    """How much of a lesson's discussion one person has seen: everything shown up to this moment."""

    __tablename__ = "discussion_seen"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    lesson_id: Mapped[str] = mapped_column(
        ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    seen_at: Mapped[datetime]
