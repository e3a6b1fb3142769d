"""Sentence for learners whose quiz was deleted or withdrawn while they were at it, with the way on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.accounts.identity import Viewer
from server.core.errors import Gone, NotFound, Problem
from server.library import access
from storage.database.engine import Database
from storage.database.tables import Course, Lesson, Quiz, QuizAttempt
from storage.messages import N_
from storage.states import PublicationStatus

GONE = N_("This quiz is no longer there. It was deleted or withdrawn meanwhile.")
WITHDRAWN = N_("This quiz was withdrawn meanwhile. The answers that you saved are kept.")


@asynccontextmanager
async def explained(
    database: Database, viewer: Viewer, course_id: str, lesson_id: str, attempt_id: str = ""
) -> AsyncIterator[None]:
    """NotFound becomes Gone for whoever is in the course, unless the attempt is somebody else's."""
    try:
        yield
    except NotFound as problem:
        raise await _explained(database, viewer, course_id, lesson_id, attempt_id, problem) from problem


async def _explained(
    database: Database, viewer: Viewer, course_id: str, lesson_id: str, attempt_id: str, problem: NotFound
) -> Problem:
    async with database.read() as session:
        course = await session.get(Course, course_id)
        staff = await access.is_teaching(session, viewer, course_id)
        if course is None or not (staff or await access.is_enrolled(session, viewer, course_id)):
            return problem
        attempt = await session.get(QuizAttempt, attempt_id) if attempt_id else None
        if attempt is not None:
            lesson = await session.get(Lesson, lesson_id)
            quiz = await session.get_one(Quiz, attempt.quiz_id)
            there = lesson is not None and lesson.course_id == course_id and quiz.lesson_id == lesson_id
            if attempt.user_id != viewer.id or not there:
                return problem
    is_open = staff or course.status == PublicationStatus.PUBLISHED
    way_on = f"/dashboard/courses/{course_id}" if is_open else ""
    return Gone(WITHDRAWN if attempt else GONE, way_on=way_on)
