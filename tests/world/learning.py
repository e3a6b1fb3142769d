"""What learners did: facts, so that bound handlers run as in the product, and what they watched."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core import events
from server.learning.enrolling.ways import unused_code
from server.watching import rules, spans
from server.watching.spans import Spans
from storage.database.base import new_id
from storage.database.insert import insert_new
from storage.database.tables import (
    Certificate,
    CertificateSettings,
    EnrolmentWay,
    Lesson,
    StreakBreak,
    VideoAnalytics,
    WatchCoverage,
)
from storage.states import EnrolmentMode, FactKind


async def complete_lesson(session: AsyncSession, user_id: str, lesson: Lesson, at: datetime) -> bool:
    """Step: False when the learner had completed the lesson before."""
    fact = events.about_lesson(FactKind.LESSON_COMPLETED, user_id, lesson, at)
    return await events.publish(session, fact)


async def start_lesson(session: AsyncSession, user_id: str, lesson: Lesson, at: datetime) -> bool:
    """Step: False when the learner had started the lesson before."""
    return await events.publish(session, events.about_lesson(FactKind.LESSON_STARTED, user_id, lesson, at))


def add_watched(
    session: AsyncSession,
    user_id: str,
    lesson: Lesson,
    seen: Spans,
    at: datetime,
    *,
    staff: bool = False,
    device: str | None = None,
    quality: str | None = None,
    speed: float = 1.0,
) -> None:
    """Step: one session in which these spans were played, in tenths of a second."""
    seconds = spans.length(seen) / spans.TENTHS
    both = {
        "user_id": user_id,
        "lesson_id": lesson.id,
        "staff": staff,
        "spans": spans.to_json(seen),
        "position": seen[-1][1] / spans.TENTHS,
        "last_at": at,
    }
    views = int(seconds >= rules.VIEW_SECONDS)
    covered = spans.length(seen)
    session.add(WatchCoverage(**both, covered=covered, first_at=at, views=views, viewed_at=at))
    session.add(
        VideoAnalytics(
            **both,
            id=new_id(),
            started_at=at,
            watch_seconds=seconds,
            completion_percentage=rules.percent(seen, spans.tenths(lesson.video_duration_seconds or 0.0)),
            playback_speed=speed,
            quality_selected=quality,
            device_type=device,
        )
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


def add_break(session: AsyncSession, user_id: str, at: datetime) -> str:
    """Step: a planned break in the year after START; its id."""
    first, last = "2027-06-01", "2027-06-10"
    row = StreakBreak(id=new_id(), user_id=user_id, first_day=first, last_day=last, created_at=at)
    session.add(row)
    return row.id
