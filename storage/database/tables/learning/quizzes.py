"""Quizzes, their versions, and what learners answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id, state_check
from storage.states import AttemptState


class Quiz(Base):
    """A quiz: a lesson of its own, or one that stops a video at a moment."""

    __tablename__ = "quizzes"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), index=True)
    moment: Mapped[float | None]  # seconds into the lesson's video; None: the lesson is the quiz
    revision: Mapped[int] = mapped_column(default=1)  # raised by each save; a save names the one it read
    version: Mapped[int] = mapped_column(default=1)  # number of the version that new attempts get
    questions: Mapped[int] = mapped_column(default=0)  # asked in an attempt; 0: nothing to attempt yet
    updated_at: Mapped[datetime]


class QuizVersion(Base):
    """Settings and questions of a quiz. Never changed once there is an attempt on it."""

    __tablename__ = "quiz_versions"
    __table_args__ = (UniqueConstraint("quiz_id", "number", name="uq_quiz_versions_quiz_number"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    quiz_id: Mapped[str] = mapped_column(ForeignKey("quizzes.id", ondelete="CASCADE"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]  # server.learning.quizzes.model.QuizContent
    created_at: Mapped[datetime]


class QuizAttempt(Base):
    """An attempt of one person, opened by the server."""

    __tablename__ = "quiz_attempts"
    __table_args__ = (
        state_check("state", AttemptState),
        UniqueConstraint("user_id", "version_id", "n", name="uq_quiz_attempts_user_version_n"),
        Index("ix_quiz_attempts_quiz_user", "quiz_id", "user_id"),
        Index("ix_quiz_attempts_state_due", "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    quiz_id: Mapped[str] = mapped_column(ForeignKey("quizzes.id", ondelete="CASCADE"))
    version_id: Mapped[str] = mapped_column(ForeignKey("quiz_versions.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    n: Mapped[int]  # from 1, of this person in this quiz, over all versions
    state: Mapped[AttemptState] = mapped_column(default=AttemptState.OPEN)
    drawn: Mapped[list[Any]]  # [{"question", "options"}]: ids in the order they are shown
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # None: no time limit
    submitted_at: Mapped[datetime | None]
    points: Mapped[float | None]
    max_points: Mapped[float | None]
    passed: Mapped[bool | None]
    perfect: Mapped[bool | None]
    staff: Mapped[bool] = mapped_column(default=False)  # teaches the course: a preview, without facts


class QuizAnswer(Base):
    """What one question of an attempt was answered with."""

    __tablename__ = "quiz_answers"

    attempt_id: Mapped[str] = mapped_column(
        ForeignKey("quiz_attempts.id", ondelete="CASCADE"), primary_key=True
    )
    question_id: Mapped[str] = mapped_column(primary_key=True)
    given: Mapped[list[Any]]  # ids of options, or one raw text
    saved_at: Mapped[datetime]
    share: Mapped[float | None]  # of the question's points, 0 to 1, once it is graded
