"""Quizzes with questions of every kind. Steps: each runs in its caller's transaction."""

from datetime import datetime

import msgspec
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from server.learning.quizzes import attempts, rules, service
from server.learning.quizzes.model import Option, Question, QuestionKind, QuizContent, QuizSettings
from storage.database.base import new_id
from storage.database.tables import Lesson, Quiz, QuizAttempt, QuizVersion
from storage.states import AttemptState

QUESTIONS = (
    Question(
        id="single",
        kind=QuestionKind.SINGLE,
        text="Which colour is warm?",
        options=(
            Option("red", right=True, feedback="Like fire.", id="red"),
            Option("blue", feedback="Like ice.", id="blue"),
        ),
        feedback="Warm colours contain red.",
    ),
    Question(
        id="multiple",
        kind=QuestionKind.MULTIPLE,
        text="Which are primes?",
        options=(
            Option("2", right=True, id="two"),
            Option("3", right=True, id="three"),
            Option("4", id="four"),
        ),
    ),
    Question(id="numeric", kind=QuestionKind.NUMERIC, text="Pi?", accepted=("3.14",), tolerance="0.01"),
    Question(id="text", kind=QuestionKind.TEXT, text="Capital of Lower Saxony?", accepted=("Hannover",)),
    Question(
        id="ordering",
        kind=QuestionKind.ORDERING,
        text="From small to large",
        options=(Option("ant", id="ant"), Option("cat", id="cat"), Option("cow", id="cow")),
    ),
)
RIGHT = {
    "single": ["red"],
    "multiple": ["three", "two"],
    "numeric": ["3,1415"],
    "text": ["HANNOVER"],
    "ordering": ["ant", "cat", "cow"],
}
CONTENT = QuizContent(settings=QuizSettings(pass_mark=60), questions=QUESTIONS)


def content(**settings: object) -> QuizContent:
    """All kinds of questions with other settings."""
    return QuizContent(
        settings=msgspec.convert({"pass_mark": 60, **settings}, QuizSettings), questions=QUESTIONS
    )


async def add_quiz(
    session: AsyncSession, lesson: Lesson, content: QuizContent, *, at: datetime, moment: float | None = None
) -> Quiz:
    quiz = Quiz(
        id=new_id(),
        lesson_id=lesson.id,
        moment=moment,
        revision=1,
        version=1,
        questions=rules.asked_count(content),
        updated_at=at,
    )
    session.add(quiz)
    if moment is None:
        asked = update(Lesson).where(Lesson.id == lesson.id).values(questions=quiz.questions)
        await session.execute(asked)
    await session.flush()
    version = QuizVersion(
        id=new_id(), quiz_id=quiz.id, number=1, content=msgspec.to_builtins(content), created_at=at
    )
    session.add(version)
    await session.flush()
    return quiz


async def add_attempt(session: AsyncSession, quiz: Quiz, user_id: str, at: datetime) -> QuizAttempt:
    """An open attempt, the first of this person."""
    version = await service.current(session, quiz)
    attempt = attempts.begin(quiz, version, user_id, 1, at)
    session.add(attempt)
    return attempt


async def add_graded(
    session: AsyncSession, quiz: Quiz, user_id: str, points: float, *, n: int = 1, at: datetime
) -> QuizAttempt:
    """A submitted attempt with so many of five points; 60 percent pass. Without facts."""
    attempt = attempts.begin(quiz, await service.current(session, quiz), user_id, n, at)
    attempt.state, attempt.submitted_at = AttemptState.SUBMITTED, at
    attempt.points, attempt.max_points = points, 5.0
    attempt.passed, attempt.perfect = points >= 3, points == 5
    session.add(attempt)
    return attempt
