"""What learners did, published as facts, so that the handlers bound to them run as in the product."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from server.core import events
from storage.database.tables import Lesson
from storage.states import FactKind


async def complete_lesson(session: AsyncSession, user_id: str, lesson: Lesson, at: datetime) -> bool:
    """Step: False when the learner had completed the lesson before."""
    return await _publish(session, FactKind.LESSON_COMPLETED, user_id, lesson, at)


async def start_lesson(session: AsyncSession, user_id: str, lesson: Lesson, at: datetime) -> bool:
    """Step: False when the learner had started the lesson before."""
    return await _publish(session, FactKind.LESSON_STARTED, user_id, lesson, at)


async def _publish(session: AsyncSession, kind: FactKind, user_id: str, lesson: Lesson, at: datetime) -> bool:
    return await events.publish(
        session,
        events.Event(
            kind=kind,
            user_id=user_id,
            subject=lesson.id,
            at=at,
            course_id=lesson.course_id,
            lesson_id=lesson.id,
        ),
    )
