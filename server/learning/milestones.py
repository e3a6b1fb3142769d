"""Facts of what was learned before they were kept: courses begun and half done, and attempts at quizzes.

From the older facts and the lessons that are required now. Running it again adds nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.core.events import Event, publish_all
from server.learning.completion import REQUIRED, milestone
from storage.database.engine import Database
from storage.database.tables import Course, LearningEvent, Lesson, Quiz, QuizAttempt
from storage.states import AttemptState, FactKind

LOT = 500  # facts of one transaction
BEGUN = (FactKind.LESSON_STARTED, FactKind.LESSON_COMPLETED)


async def catch_up(database: Database) -> int:
    """Use case: publish what is missing; how many facts were new."""
    async with database.read() as session:
        course_ids = list(await session.scalars(select(Course.id).order_by(Course.id)))
    added = 0
    for course_id in course_ids:
        async with database.read() as session:
            events = [*await _started(session, course_id), *await _halfway(session, course_id)]
        added += await _publish(database, events)
    last: str | None = ""
    while last is not None:
        async with database.read() as session:
            events, last = await _submitted(session, last)
        added += await _publish(database, events)
    return added


async def _publish(database: Database, events: Sequence[Event]) -> int:
    added = 0
    for start in range(0, len(events), LOT):
        async with database.write() as session:
            added += await publish_all(session, events[start : start + LOT])
    return added


async def _started(session: AsyncSession, course_id: str) -> Iterable[Event]:
    fact = LearningEvent
    rows = await session.execute(
        select(fact.user_id, func.min(fact.at))
        .where(
            fact.course_id == course_id, fact.kind.in_(BEGUN), _is_missing(FactKind.COURSE_STARTED, course_id)
        )
        .group_by(fact.user_id)
    )
    return [milestone(FactKind.COURSE_STARTED, user_id, course_id, at) for user_id, at in rows]


def _is_missing(kind: FactKind, course_id: str) -> ColumnElement[bool]:
    """Condition of facts whose person has none of this kind about the course."""
    other = aliased(LearningEvent)
    return ~exists().where(
        other.kind == kind, other.user_id == LearningEvent.user_id, other.subject == course_id
    )


async def _halfway(session: AsyncSession, course_id: str) -> Iterator[Event]:
    """With the completion that was half of the lessons that are required now."""
    required = set(await session.scalars(select(Lesson.id).where(Lesson.course_id == course_id, REQUIRED)))
    needed = (len(required) + 1) // 2
    fact = LearningEvent
    rows = await session.execute(
        select(fact.user_id, fact.at)
        .where(fact.kind == FactKind.LESSON_COMPLETED, fact.course_id == course_id)
        .where(_is_missing(FactKind.COURSE_HALFWAY, course_id))
        .where(fact.subject.in_(select(Lesson.id).where(Lesson.course_id == course_id, REQUIRED)))
        .order_by(fact.user_id, fact.at)
    )
    found: list[tuple[str, datetime]] = [(user_id, at) for user_id, at in rows] if needed else []
    people = {user_id: [at for _, at in own] for user_id, own in groupby(found, lambda row: row[0])}
    return (
        milestone(FactKind.COURSE_HALFWAY, user_id, course_id, done[needed - 1])
        for user_id, done in people.items()
        if len(done) >= needed
    )


async def _submitted(session: AsyncSession, after: str) -> tuple[list[Event], str | None]:
    """Facts of the next attempts, and the last of them; None at the end."""
    rows = (
        await session.execute(
            select(QuizAttempt, Lesson)
            .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
            .join(Lesson, Lesson.id == Quiz.lesson_id)
            .where(QuizAttempt.id > after, QuizAttempt.state == AttemptState.SUBMITTED, ~QuizAttempt.staff)
            .order_by(QuizAttempt.id)
            .limit(LOT)
        )
    ).all()
    events = [
        Event(
            kind=FactKind.QUIZ_SUBMITTED,
            user_id=attempt.user_id,
            subject=attempt.id,
            at=attempt.submitted_at or attempt.opened_at,
            course_id=lesson.course_id,
            lesson_id=lesson.id,
        )
        for attempt, lesson in rows
    ]
    return events, rows[-1][0].id if len(rows) == LOT else None
