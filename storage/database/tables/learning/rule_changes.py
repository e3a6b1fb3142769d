"""Changes of rules, achievements and calendar: drafts, what they would do, and how far they are applied."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id, state_check
from storage.states import ChangeScope, ChangeState


class RuleChange(Base):
    """A change from its draft to the last person that it was applied to."""

    __tablename__ = "rule_changes"
    __table_args__ = (
        state_check("state", ChangeState),
        state_check("scope", ChangeScope),
        Index("ix_rule_changes_state", "state", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    change: Mapped[dict[str, Any]]  # `server.gamification.changes.drafts.Change`
    base: Mapped[str]  # fingerprint of the rules that it starts from
    state: Mapped[ChangeState]
    scope: Mapped[ChangeScope | None]  # None: not applied
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    applied_at: Mapped[datetime | None]
    cursor: Mapped[str] = mapped_column(default="")  # the last person that the run has done
    people: Mapped[int] = mapped_column(default=0)  # to do
    done: Mapped[int] = mapped_column(default=0)
    previewed_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]  # `preview.Result`; None: not complete


class RuleChangePerson(Base):
    """A person whom a change from the beginning gives or takes something."""

    __tablename__ = "rule_change_people"
    __table_args__ = (Index("ix_rule_change_people_order", "change_id", "size", "user_id"),)

    change_id: Mapped[str] = mapped_column(
        ForeignKey("rule_changes.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(primary_key=True)
    xp_before: Mapped[int]
    xp_after: Mapped[int]
    size: Mapped[int]  # XP gained or lost
    level_before: Mapped[int]
    level_after: Mapped[int]
    streak_before: Mapped[int]  # days of the longest one
    streak_after: Mapped[int]
    unlocked: Mapped[list[Any]]  # ids of achievements
    ranks: Mapped[bool]  # whether the person can have a place on boards
    board_before: Mapped[int | None]  # XP on the all-time board; None: not on it
    rank_before: Mapped[int | None]
    rank_after: Mapped[int | None]
