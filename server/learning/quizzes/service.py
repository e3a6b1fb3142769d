"""Quizzes and their versions: what instructors save. A version that somebody attempted is never changed."""

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Invalid, NotFound
from server.learning.quizzes import checking, rules
from server.learning.quizzes.model import QuizContent
from server.library.access import NO_LESSON, lesson_for_teaching
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import lock_row
from storage.database.tables import Lesson, Quiz, QuizAttempt, QuizVersion
from storage.messages import N_
from storage.states import LessonKind

NO_QUIZ = N_("This lesson has no such quiz, or not any more.")
NOT_A_QUIZ = N_("This lesson is not a quiz. A quiz in a video needs its moment.")
NOT_IN_A_QUIZ = N_("A quiz at a moment belongs to a video lesson.")
OUTSIDE = N_("The moment lies outside of the video.")
STALE = N_("The quiz was saved meanwhile by somebody else. Reload it, and make your change again.")

LONGEST_VIDEO = 12 * 3600.0  # seconds, while the length is not known yet

Change = Callable[[QuizContent], QuizContent]


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A quiz for those who teach it."""

    lesson_id: str
    quiz_id: str | None  # None until it is saved for the first time
    moment: float | None  # seconds into the video; None: the lesson is the quiz
    revision: int  # raised by each save; 0 before the first
    version: int  # of the content: raised when somebody attempted the one before
    content: QuizContent


async def find(session: AsyncSession, lesson_id: str, moment: float | None) -> Quiz | None:
    """Step: the lesson's own quiz, or the one at a moment of its video."""
    at = Quiz.moment.is_(None) if moment is None else Quiz.moment == moment
    found: Quiz | None = await session.scalar(select(Quiz).where(Quiz.lesson_id == lesson_id, at))
    return found


async def current(session: AsyncSession, quiz: Quiz) -> QuizVersion:
    """Step: the version that new attempts get."""
    found = await session.scalars(
        select(QuizVersion).where(QuizVersion.quiz_id == quiz.id, QuizVersion.number == quiz.version)
    )
    return found.one()


def content_of(version: QuizVersion) -> QuizContent:
    return msgspec.convert(version.content, QuizContent)


async def edited(session: AsyncSession, viewer: Viewer, lesson_id: str, moment: float | None) -> Saved:
    """Step: the quiz as its instructors see it, empty before it is saved. Raises NotFound and Forbidden."""
    lesson = await lesson_for_teaching(session, viewer, lesson_id)
    quiz = await find(session, lesson_id, moment)
    if quiz is None:
        if moment is not None or lesson.kind != LessonKind.QUIZ:
            raise NotFound(NO_QUIZ)
        return _saved(lesson_id, None, QuizContent())
    return _saved(lesson_id, quiz, content_of(await current(session, quiz)))


def _saved(lesson_id: str, quiz: Quiz | None, content: QuizContent) -> Saved:
    return Saved(
        lesson_id=lesson_id,
        quiz_id=quiz.id if quiz else None,
        moment=quiz.moment if quiz else None,
        revision=quiz.revision if quiz else 0,
        version=quiz.version if quiz else 1,
        content=content,
    )


async def save(
    database: Database,
    viewer: Viewer,
    lesson_id: str,
    moment: float | None,
    change: Change,
    now: datetime,
    *,
    revision: int | UnsetType = UNSET,
) -> Saved:
    """Use case: change a quiz, which is made by the first save. `revision`: the one the change started from.

    Raises Conflict when it was saved since, Invalid with the fields of what is wrong.
    """
    async with database.write() as session:
        await lesson_for_teaching(session, viewer, lesson_id)
        lesson = await lock_row(session, Lesson, lesson_id)  # so that a quiz is made once
        if lesson is None:
            raise NotFound(NO_LESSON)
        _check_place(lesson, moment)
        found = await find(session, lesson_id, moment)
        quiz = await lock_row(session, Quiz, found.id) if found else None
        if revision is not UNSET and revision != (quiz.revision if quiz else 0):
            raise Conflict(STALE)
        before = content_of(await current(session, quiz)) if quiz else QuizContent()
        content = checking.clean_content(change(before), new_id)
        if quiz is None:
            quiz = await _make(session, lesson, moment, content, now)
        elif content != before:
            await _store(session, quiz, content, now)
        if moment is None:
            lesson.questions = quiz.questions
        return _saved(lesson_id, quiz, content)


def _check_place(lesson: Lesson, moment: float | None) -> None:
    if moment is None:
        if lesson.kind != LessonKind.QUIZ:
            raise Conflict(NOT_A_QUIZ)
        return
    if lesson.kind != LessonKind.VIDEO:
        raise Conflict(NOT_IN_A_QUIZ)
    if not 0 <= moment <= (lesson.video_duration_seconds or LONGEST_VIDEO):
        raise Invalid(OUTSIDE, fields={"moment": OUTSIDE})


async def _make(
    session: AsyncSession, lesson: Lesson, moment: float | None, content: QuizContent, now: datetime
) -> Quiz:
    quiz = Quiz(
        id=new_id(),
        lesson_id=lesson.id,
        moment=moment,
        revision=1,
        version=1,
        questions=rules.asked_count(content),
        updated_at=now,
    )
    session.add(quiz)
    await session.flush()
    _add_version(session, quiz, content, now)
    return quiz


async def _store(session: AsyncSession, quiz: Quiz, content: QuizContent, now: datetime) -> None:
    """Write the content: into the current version, unless somebody has attempted that one."""
    version = await current(session, quiz)
    if await session.scalar(select(exists().where(QuizAttempt.version_id == version.id))):
        quiz.version += 1
        _add_version(session, quiz, content, now)
    else:
        version.content = msgspec.to_builtins(content)
    quiz.questions = rules.asked_count(content)
    quiz.revision += 1
    quiz.updated_at = now


def _add_version(session: AsyncSession, quiz: Quiz, content: QuizContent, now: datetime) -> None:
    session.add(
        QuizVersion(
            id=new_id(),
            quiz_id=quiz.id,
            number=quiz.version,
            content=msgspec.to_builtins(content),
            created_at=now,
        )
    )


async def remove(database: Database, viewer: Viewer, lesson_id: str, moment: float | None) -> None:
    """Use case: take a quiz out of a video, with its attempts. What learners achieved stays. Idempotent.
    Raises NotFound without a moment: the lesson's own quiz goes with its lesson."""
    async with database.write() as session:
        await lesson_for_teaching(session, viewer, lesson_id)
        if moment is None:
            raise NotFound(NO_QUIZ)
        if (quiz := await find(session, lesson_id, moment)) is not None:
            await session.delete(quiz)
