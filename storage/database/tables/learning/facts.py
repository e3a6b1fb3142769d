"""Facts about learners, from which later features derive their tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id, state_check
from storage.states import FactKind


class LearningEvent(Base):
    """A fact, written once: publishing it again changes nothing (server/core/events.py).

    Course and lesson are plain ids, so that deleting them keeps what their learners did.
    """

    __tablename__ = "learning_events"
    __table_args__ = (
        state_check("kind", FactKind),
        UniqueConstraint("kind", "user_id", "subject", name="uq_learning_events_kind_user_subject"),
        # With all that settling reads: a person's facts are far apart in the table after some months.
        Index(
            "ix_learning_events_user_day",
            *("user_id", "local_day", "kind", "subject", "at", "course_id", "lesson_id"),
        ),
        # With the course, so that figures read it alone. With the person, too, SQLite would look through all
        # facts of a kind for those of one person.
        Index("ix_learning_events_kind_day", "kind", "local_day", "course_id"),
        # Figures of one course and its people.
        Index("ix_learning_events_course", "course_id", "kind", "user_id", "local_day"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(index=True)
    local_day: Mapped[str]  # YYYY-MM-DD in the institution's zone and day start, a label that never changes
    kind: Mapped[FactKind]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))  # the learner
    actor_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))  # who acted
    course_id: Mapped[str | None]
    lesson_id: Mapped[str | None]
    subject: Mapped[str]  # what the fact is about, as in an id: unique for the kind and the learner
    data: Mapped[dict[str, Any] | None]
