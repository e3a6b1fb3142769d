"""What there is of one person, counted for the page that asks before an erasure."""

from typing import Any

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.tables import (
    Certificate,
    Enrolment,
    LearningEvent,
    Payment,
    Post,
    QuizAttempt,
    Review,
    Upload,
    VideoAnalytics,
    WatchCoverage,
    XpTransaction,
)


class Holdings(msgspec.Struct, frozen=True):
    """Numbers of rows."""

    enrolments: int
    watched: int  # lessons
    sessions: int  # of the player
    attempts: int
    posts: int
    reviews: int
    certificates: int
    facts: int
    xp: int  # lines of the ledger
    payments: int
    uploads: int


async def of_person(session: AsyncSession, person_id: str, email: str) -> Holdings:
    """Step."""
    tables: dict[str, Any] = {
        "enrolments": Enrolment,
        "watched": WatchCoverage,
        "sessions": VideoAnalytics,
        "attempts": QuizAttempt,
        "posts": Post,
        "reviews": Review,
        "certificates": Certificate,
        "facts": LearningEvent,
        "xp": XpTransaction,
        "uploads": Upload,
    }
    counts = {
        name: select(func.count()).select_from(table).where(table.user_id == person_id).scalar_subquery()
        for name, table in tables.items()
    }
    paid = or_(Payment.user_id == person_id, Payment.email == email)
    counts["payments"] = select(func.count()).select_from(Payment).where(paid).scalar_subquery()
    row = (await session.execute(select(*(one.label(name) for name, one in counts.items())))).one()
    return Holdings(**row._mapping)
