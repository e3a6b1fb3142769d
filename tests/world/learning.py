"""What learners did, published as facts, so that the handlers bound to them run as in the product."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core import events
from server.learning.enrolling.ways import unused_code
from storage.database.insert import insert_new
from storage.database.tables import Certificate, CertificateSettings, EnrolmentWay, Lesson
from storage.states import EnrolmentMode, FactKind


async def complete_lesson(session: AsyncSession, user_id: str, lesson: Lesson, at: datetime) -> bool:
    """Step: False when the learner had completed the lesson before."""
    return await events.publish(
        session,
        events.Event(
            kind=FactKind.LESSON_COMPLETED,
            user_id=user_id,
            subject=lesson.id,
            at=at,
            course_id=lesson.course_id,
            lesson_id=lesson.id,
        ),
    )


async def complete_course(session: AsyncSession, user_id: str, course_id: str, at: datetime) -> bool:
    """Step: False when the learner had completed the course before."""
    return await events.publish(
        session,
        events.Event(
            kind=FactKind.COURSE_COMPLETED,
            user_id=user_id,
            subject=course_id,
            at=at,
            course_id=course_id,
            data={"version": 1, "lessons": 2},
        ),
    )


async def add_certificate(session: AsyncSession, user_id: str, course_id: str, at: datetime) -> Certificate:
    """Step: the course gives certificates, and the learner completes it."""
    await insert_new(session, CertificateSettings, course_id=course_id, given=True, changed_at=at)
    await complete_course(session, user_id, course_id, at)
    wanted = select(Certificate).where(Certificate.user_id == user_id, Certificate.course_id == course_id)
    return (await session.scalars(wanted)).one()


async def add_code(session: AsyncSession, course_id: str, at: datetime) -> str:
    """Step: a code by which people enrol, without its hyphen."""
    code = await unused_code(session)
    session.add(EnrolmentWay(course_id=course_id, mode=EnrolmentMode.CODE, code=code, changed_at=at))
    return code
