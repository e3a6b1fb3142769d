"""Entry of the audit log, written in the transaction of what an administrator did; never by reads."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import new_id
from storage.database.tables import AuditEntry, User
from storage.states.privacy import AuditAction, AuditSubject

LABEL_LENGTH = 200  # characters


class Subject(NamedTuple):
    """What an entry is about. Names and addresses of people belong into `label` of an entry about them alone,
    where an erasure finds them."""

    kind: AuditSubject
    id: str | None = None
    label: str = ""  # its name


INSTALLATION = Subject(AuditSubject.INSTALLATION)


async def record(
    session: AsyncSession,
    by: str | None,
    action: AuditAction,
    at: datetime,
    *,
    about: Subject = INSTALLATION,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Step. `by`: the acting account; None, or an id without an account: a command or the server itself.

    `data`: values before and after, and counts.
    """
    await _write(session, by, action, at, [about], dict(data or {}))


async def record_people(
    session: AsyncSession,
    by: str | None,
    action: AuditAction,
    at: datetime,
    people: Iterable[User],
    data: Mapping[str, Any] | None = None,
) -> None:
    """Step: `record` about each of the people, in one statement."""
    subjects = [Subject(AuditSubject.PERSON, user.id, user.name) for user in people]
    await _write(session, by, action, at, subjects, dict(data or {}))


async def _write(
    session: AsyncSession,
    by: str | None,
    action: AuditAction,
    at: datetime,
    subjects: Iterable[Subject],
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
            "subject_kind": subject.kind,
            "subject_id": subject.id,
            "label": subject.label[:LABEL_LENGTH],
            "data": data,
        }
        for subject in subjects
    ]
    if rows:
        await session.execute(insert(AuditEntry), rows)
