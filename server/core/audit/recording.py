"""Entry of the audit log, written in the transaction of what an administrator did; never by reads."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import new_id
from storage.database.tables import AuditEntry, User
from storage.states import AuditAction, AuditSubject

LABEL_LENGTH = 200  # characters


async def record(
    session: AsyncSession,
    by: str | None,
    action: AuditAction,
    at: datetime,
    *,
    about: AuditSubject = AuditSubject.INSTALLATION,
    subject_id: str | None = None,
    label: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Step. `by`: the acting account; None, or an id without an account: a command or the server itself.

    `label`: name of the subject. `data`: values before and after, and counts. Names and addresses of people
    belong into `label` of an entry about them alone, where an erasure finds them.
    """
    await _write(session, by, action, at, about, [(subject_id, label)], dict(data or {}))


async def record_people(
    session: AsyncSession,
    by: str | None,
    action: AuditAction,
    at: datetime,
    people: Iterable[User],
    data: Mapping[str, Any] | None = None,
) -> None:
    """Step: `record` about each of the people, in one statement."""
    subjects = [(user.id, user.name) for user in people]
    await _write(session, by, action, at, AuditSubject.PERSON, subjects, dict(data or {}))


async def _write(
    session: AsyncSession,
    by: str | None,
    action: AuditAction,
    at: datetime,
    about: AuditSubject,
    subjects: Iterable[tuple[str | None, str]],
    data: dict[str, Any],
) -> None:
    await session.flush()
    name = await session.scalar(select(User.name).where(User.id == by)) if by else None
    rows = [
        {
            "id": new_id(),
            "at": at,
            "actor_id": by if name is not None else None,
            "actor_name": name or "",
            "action": action,
            "subject_kind": about,
            "subject_id": subject_id,
            "label": label[:LABEL_LENGTH],
            "data": data,
        }
        for subject_id, label in subjects
    ]
    if rows:
        await session.execute(insert(AuditEntry), rows)
