"""Teams of learners, time-boxed challenges and their results."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id, state_check
from storage.states import Audience, ChallengeMetric, ChallengeMode


class Team(Base):
    """A class or a lab. With a course, its people are the learners of that course; else they have rows."""

    __tablename__ = "teams"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    course_id: Mapped[str | None] = mapped_column(ForeignKey("courses.id", ondelete="SET NULL"), index=True)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class TeamMember(Base):
    __tablename__ = "team_members"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    added_at: Mapped[datetime]


class Challenge(Base):
    """A goal between two local days. Once its first day has begun, only `ended_*` and what is counted change.

    `progress` and `people` are what the scheduled task counted last; from `settled_at` on they stay.
    """

    __tablename__ = "challenges"
    __table_args__ = (
        state_check("metric", ChallengeMetric),
        state_check("mode", ChallengeMode),
        state_check("audience", Audience),
        CheckConstraint("first_day <= last_day", name="days"),
        CheckConstraint("target > 0", name="target"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str]
    first_day: Mapped[str]  # YYYY-MM-DD, local days as labels
    last_day: Mapped[str]
    metric: Mapped[ChallengeMetric]
    mode: Mapped[ChallengeMode]
    target: Mapped[int]  # of the metric: of all together, or of each learner
    audience: Mapped[Audience]
    course_id: Mapped[str | None] = mapped_column(ForeignKey("courses.id", ondelete="SET NULL"))
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL"))
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    ended_at: Mapped[datetime | None]  # before its last day, by an administrator
    end_reason: Mapped[str] = mapped_column(default="")
    progress: Mapped[int] = mapped_column(default=0)  # of all together, or how many learners reached it
    people: Mapped[int] = mapped_column(default=0)  # learners of the audience
    counted_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None] = mapped_column(index=True)  # when the result was written for good


class ChallengeResult(Base):
    """What one learner did in a challenge that is over: written once. It names people by plain ids."""

    __tablename__ = "challenge_results"

    challenge_id: Mapped[str] = mapped_column(
        ForeignKey("challenges.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    progress: Mapped[int]  # of the metric; people with nothing have no row
