"""Quizzes on the pages of a lesson: where learners begin an attempt, and where instructors go to edit."""

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.web.pages import Panel
from server.learning.quizzes import results
from server.learning.quizzes.schemas import QuizStart
from server.library.access import is_teaching
from storage.database.tables import Lesson, Quiz
from storage.states import LessonKind


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A moment at which the player stops and asks (js/quiz.js)."""

    quiz_id: str
    moment: float
    answered: bool


async def _quizzes(session: AsyncSession, lesson: Lesson) -> list[Quiz]:
    """Of the lesson itself, or in its video in the order of their moments."""
    own = Quiz.moment.is_(None) if lesson.kind == LessonKind.QUIZ else Quiz.moment.is_not(None)
    found = await session.scalars(
        select(Quiz).where(Quiz.lesson_id == lesson.id, own).order_by(Quiz.moment, Quiz.id)
    )
    return list(found)


async def learn(session: AsyncSession, viewer: Viewer, lesson: Lesson) -> Panel | None:
    """Step: the lesson's quiz, or those in its video. None for a video without any."""
    quizzes = [quiz for quiz in await _quizzes(session, lesson) if quiz.questions]
    if not quizzes and lesson.kind != LessonKind.QUIZ:
        return None
    starts: list[QuizStart] = [await results.start(session, viewer, lesson, quiz) for quiz in quizzes]
    stops = [
        Stop(
            quiz_id=start.quiz_id,
            moment=start.moment,
            answered=any(one.percent is not None for one in start.attempts),
        )
        for start in starts
        if start.moment is not None
    ]
    return Panel(
        "quizzes/start.html",
        {
            "lesson": lesson,
            "starts": starts,
            "staff": await is_teaching(session, viewer, lesson.course_id),
            "stops_json": msgspec.json.encode(stops).decode(),
        },
    )


async def teach(session: AsyncSession, lesson: Lesson) -> Panel | None:
    """Step: the lesson's quiz, or those in its video, for instructors. None for a text."""
    if lesson.kind not in (LessonKind.QUIZ, LessonKind.VIDEO):
        return None
    return Panel("quizzes/teach_panel.html", {"lesson": lesson, "quizzes": await _quizzes(session, lesson)})
