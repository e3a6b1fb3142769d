"""Scheduled task of learning: courses that are completed because lessons were taken away from them."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.learning.completion import REQUIRED, complete_course_if_done
from server.library.access import LIVE
from server.services import Services
from storage.database.tables import Course, Enrolment, LearningEvent, Lesson, User
from storage.messages import N_, Message, message
from storage.states import FactKind, PublicationStatus

# For which a course is left as it is: a lesson that is hidden to be corrected completes nobody's course.
SETTLED_AFTER = timedelta(hours=1)
PAGE = 500  # learners of one query
BATCH = 50  # learners of one transaction: other writers wait for a fraction of a second
PAUSE_SECONDS = 0.12  # between two of them: a process that waits for SQLite's lock looks every 0.1 s


async def complete_courses(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Scheduled task: complete courses whose last open lesson was deleted, hidden or emptied, since no
    completion of a lesson does it. Idempotent, in many small transactions."""
    completed = 0
    async with services.database.read() as session:
        course_ids = await _settled(session, now)
    for course_id in course_ids:
        last: str | None = ""
        while last is not None:
            async with services.database.read() as session:
                learners, last = await _done(session, course_id, last)
            for at in range(0, len(learners), BATCH):
                completed += await _complete(services, course_id, learners[at : at + BATCH], now)
                await asyncio.sleep(PAUSE_SECONDS)
    return message(N_("Courses completed: %(count)s"), count=completed) if completed else None


async def _complete(services: Services, course_id: str, learners: Sequence[str], now: datetime) -> int:
    """Complete the course for those who still have done all of it; how many they were."""
    async with services.database.write() as session:
        course = await session.get(Course, course_id)
        if course is None:  # deleted since
            return 0
        return sum([await complete_course_if_done(session, learner, course, now) for learner in learners])


async def _settled(session: AsyncSession, now: datetime) -> list[str]:
    """Published courses with required lessons that nobody has changed for a while."""
    since = now - SETTLED_AFTER
    of_course = Lesson.course_id == Course.id
    return list(
        await session.scalars(
            select(Course.id)
            .where(
                Course.status == PublicationStatus.PUBLISHED,
                Course.updated_at <= since,
                exists().where(of_course, REQUIRED),
                ~exists().where(of_course, Lesson.updated_at > since),
            )
            .order_by(Course.id)
        )
    )


async def _done(session: AsyncSession, course_id: str, after: str) -> tuple[list[str], str | None]:
    """Of the next learners by id, those who have completed every required lesson, but not the course; and the
    last of those looked at, None at the end.

    Said as "no required lesson without its fact", which the database gives up at the first one: a learner who
    has hardly begun costs next to nothing.
    """
    completed = exists().where(
        LearningEvent.user_id == Enrolment.user_id,
        LearningEvent.kind == FactKind.COURSE_COMPLETED,
        LearningEvent.subject == course_id,
    )
    page = select(Enrolment.user_id).where(
        Enrolment.course_id == course_id, LIVE, Enrolment.user_id > after, ~completed
    )
    looked_at = list(await session.scalars(page.order_by(Enrolment.user_id).limit(PAGE)))
    lesson_done = exists().where(
        LearningEvent.user_id == User.id,
        LearningEvent.kind == FactKind.LESSON_COMPLETED,
        LearningEvent.subject == Lesson.id,
    )
    lesson_left = exists().where(
        Lesson.course_id == course_id, REQUIRED, ~lesson_done.correlate(User, Lesson)
    )
    found = select(User.id).where(User.id.in_(looked_at), ~lesson_left).order_by(User.id)
    return list(await session.scalars(found)), looked_at[-1] if len(looked_at) == PAGE else None
