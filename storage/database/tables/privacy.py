"""Audit log, erasures that are under way, and how long kinds of data are kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id, state_check
from storage.states.privacy import AuditAction, AuditSubject, RetentionKind


class AuditEntry(Base):
    """One thing that an administrator did, written in the transaction that did it. Never changed.

    Actor and subject are plain ids: the entry outlives them. Erasing a person puts a pseudonym there.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        state_check("action", AuditAction),
        state_check("subject_kind", AuditSubject),
        Index("ix_audit_log_at", "at", "id"),
        Index("ix_audit_log_actor_id", "actor_id", "at"),
        Index("ix_audit_log_action", "action", "at"),
        Index("ix_audit_log_subject_id", "subject_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    actor_id: Mapped[str | None]  # users.id; None: a command on the server, or the server itself
    actor_name: Mapped[str] = mapped_column(default="")  # at that time
    action: Mapped[AuditAction]
    subject_kind: Mapped[AuditSubject]
    subject_id: Mapped[str | None]
    label: Mapped[str] = mapped_column(default="")  # name of the subject at that time
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)  # values before and after, counts: no names


class Erasure(Base):
    """An erasure that has begun: what is left of the person goes in steps, to the pseudonym or altogether.

    The last step deletes the account, and this row with it.
    """

    __tablename__ = "erasures"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    pseudonym: Mapped[str] = mapped_column(unique=True)  # users.id of the row without a name
    began_at: Mapped[datetime]


class RetentionLimit(Base):
    """How long a kind of data is kept. Without a row: for ever."""

    __tablename__ = "retention_limits"
    __table_args__ = (state_check("kind", RetentionKind),)

    kind: Mapped[RetentionKind] = mapped_column(primary_key=True)
    months: Mapped[int]
    changed_at: Mapped[datetime]
