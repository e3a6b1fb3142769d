"""Attempts: opened by the server, saved as they are answered, graded once, and the facts they publish."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Invalid, NotFound
from server.core.events import about_lesson, note_activity, publish
from server.core.security import new_secret
from server.learning.quizzes import rules
from server.learning.quizzes.model import Drawn, Question, QuizContent
from server.learning.quizzes.rules import Given
from server.learning.quizzes.service import NO_QUIZ, content_of, current
from server.library.access import is_enrolled, is_teaching, lesson_for_learning
from server.services import Services
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import lock_row
from storage.database.tables import Lesson, Quiz, QuizAnswer, QuizAttempt, QuizVersion
from storage.messages import N_, Message, message
from storage.states import AttemptState, FactKind

NO_ATTEMPT = N_("There is no such attempt, or not any more: its quiz may have been deleted meanwhile.")
NO_QUESTIONS = N_("This quiz has no questions yet. Come back later.")
NONE_LEFT = N_("You have used all your attempts at this quiz.")
SUBMITTED = N_("This attempt was submitted. Its answers can no longer be changed.")
TIME_IS_UP = N_("The time is up. What was saved by then is graded.")
UNCLEAR = N_("Not submitted yet: an answer is unclear. Your answers are saved.")
SWEPT = 200  # attempts that are graded in one run of the task

Answers = Mapping[str, Sequence[str]]  # by question id; see rules.Given


async def open_attempt(
    database: Database, viewer: Viewer, lesson_id: str, quiz_id: str | None, now: datetime
) -> str:
    """Use case: id of the caller's open attempt, which is begun if there is none. `quiz_id`: None for the
    lesson's own quiz. Raises Conflict when no attempt is left."""
    async with database.write() as session:
        lesson = await lesson_for_learning(session, viewer, lesson_id)
        quiz = await lock_row(session, Quiz, (await quiz_of(session, lesson, quiz_id)).id)
        if quiz is None or not quiz.questions:
            raise Conflict(NO_QUESTIONS)
        mine = await of_person(session, quiz.id, viewer.id)
        for attempt in mine:
            if await _close_if_over(session, attempt, now):
                continue
            if attempt.state == AttemptState.OPEN:
                return attempt.id
        staff = await is_teaching(session, viewer, lesson.course_id)
        version = await current(session, quiz)
        if staff or rules.attempts_left(content_of(version).settings, len(mine)) != 0:
            attempt = begin(quiz, version, viewer.id, len(mine) + 1, now)
            attempt.staff = staff
            session.add(attempt)
            if not staff:
                await note_activity(session, [viewer.id], now)
            return attempt.id
    raise Conflict(NONE_LEFT)  # after the commit, which keeps what was graded


async def quiz_of(session: AsyncSession, lesson: Lesson, quiz_id: str | None) -> Quiz:
    """Step: a quiz of the lesson, by default its own. Raises NotFound."""
    chosen = Quiz.id == quiz_id if quiz_id else Quiz.moment.is_(None)
    quiz: Quiz | None = await session.scalar(select(Quiz).where(Quiz.lesson_id == lesson.id, chosen))
    if quiz is None:
        raise NotFound(NO_QUIZ)
    return quiz


async def of_person(session: AsyncSession, quiz_id: str, user_id: str) -> list[QuizAttempt]:
    """Step: a person's attempts at a quiz, over all its versions, the first one first."""
    wanted = select(QuizAttempt).where(QuizAttempt.quiz_id == quiz_id, QuizAttempt.user_id == user_id)
    return list(await session.scalars(wanted.order_by(QuizAttempt.n)))


def begin(quiz: Quiz, version: QuizVersion, user_id: str, n: int, now: datetime) -> QuizAttempt:
    """An open attempt with its own draw of questions; the caller adds it."""
    content = content_of(version)
    return QuizAttempt(
        id=new_id(),
        quiz_id=quiz.id,
        version_id=version.id,
        user_id=user_id,
        n=n,
        state=AttemptState.OPEN,
        drawn=msgspec.to_builtins(rules.draw(content, new_secret())),
        opened_at=now,
        due_at=rules.due_at(content.settings, now),
    )


async def owned(session: AsyncSession, viewer: Viewer, lesson_id: str, attempt_id: str) -> QuizAttempt:
    """Step: an attempt of the viewer, who is in the course; the lesson may be withdrawn. Raises NotFound."""
    lesson = await session.get(Lesson, lesson_id)
    if lesson is None or not (
        await is_enrolled(session, viewer, lesson.course_id)
        or await is_teaching(session, viewer, lesson.course_id)
    ):
        raise NotFound(NO_ATTEMPT)
    attempt = await session.get(QuizAttempt, attempt_id)
    quiz = await session.get(Quiz, attempt.quiz_id) if attempt else None
    if attempt is None or quiz is None or attempt.user_id != viewer.id or quiz.lesson_id != lesson_id:
        raise NotFound(NO_ATTEMPT)
    return attempt


async def save(
    database: Database, viewer: Viewer, lesson_id: str, attempt_id: str, answers: Answers, now: datetime
) -> dict[str, Message]:
    """Use case: keep answers of an open attempt, as they are given; what is unclear about them, by question.

    Raises Conflict once the attempt is submitted or its time is up.
    """
    async with database.write() as session:
        attempt = await _locked(session, viewer, lesson_id, attempt_id)
        if attempt.state == AttemptState.SUBMITTED:
            raise Conflict(SUBMITTED)
        if rules.is_over(attempt.due_at, now):
            raise Conflict(TIME_IS_UP)
        asked = await questions(session, attempt)
        return await _keep(session, attempt, asked, _cleaned(asked, answers), now)


async def submit(
    database: Database,
    viewer: Viewer,
    lesson_id: str,
    attempt_id: str,
    answers: Answers,
    now: datetime,
) -> bool:
    """Use case: grade the attempt; False when its time was up, so that only what was saved before counts.

    Repeating the same submission changes nothing. Raises Conflict for different answers, Invalid for unclear
    ones, which are saved.
    """
    async with database.write() as session:
        attempt = await _locked(session, viewer, lesson_id, attempt_id)
        asked = await questions(session, attempt)
        given = _cleaned(asked, answers)
        saved = await given_answers(session, attempt)
        if attempt.state == AttemptState.SUBMITTED:
            if attempt.due_at is not None and attempt.submitted_at == attempt.due_at:
                return False  # graded at the deadline by the scheduled task
            if any(saved.get(question_id, ()) != answer for question_id, answer in given.items()):
                raise Conflict(SUBMITTED)
            return True
        if rules.is_over(attempt.due_at, now):
            await _close_if_over(session, attempt, now)
            return False
        unclear = await _keep(session, attempt, asked, {**saved, **given}, now)
        if not unclear:
            await _finish(session, attempt, now)
    if unclear:  # after the commit, which keeps the answers
        raise Invalid(UNCLEAR, fields=unclear)
    return True


async def _locked(session: AsyncSession, viewer: Viewer, lesson_id: str, attempt_id: str) -> QuizAttempt:
    await owned(session, viewer, lesson_id, attempt_id)
    attempt = await lock_row(session, QuizAttempt, attempt_id)
    if attempt is None:
        raise NotFound(NO_ATTEMPT)
    return attempt


def _cleaned(asked: Sequence[Question], answers: Answers) -> dict[str, Given]:
    by_id = {question.id: question for question in asked}
    if not by_id.keys() >= answers.keys():
        raise Invalid(rules.STALE)
    return {name: rules.clean_given(by_id[name], given) for name, given in answers.items()}


async def _keep(
    session: AsyncSession,
    attempt: QuizAttempt,
    asked: Sequence[Question],
    answers: Mapping[str, Given],
    now: datetime,
) -> dict[str, Message]:
    rows = await _rows(session, attempt)
    for question_id, given in answers.items():
        row = rows.get(question_id)
        if row is None:
            session.add(
                QuizAnswer(attempt_id=attempt.id, question_id=question_id, given=list(given), saved_at=now)
            )
        elif tuple(row.given) != given:
            row.given, row.saved_at = list(given), now
    await session.flush()
    unclear = {question.id: rules.asked_back(question, answers.get(question.id, ())) for question in asked}
    return {name: told for name, told in unclear.items() if told is not None}


async def questions(session: AsyncSession, attempt: QuizAttempt) -> list[Question]:
    """Step: the questions of an attempt in the order they are shown, as they were when it was opened."""
    content = await content_for(session, attempt)
    by_id = {question.id: question for question in content.questions}
    return [by_id[drawn.question] for drawn in drawn_of(attempt)]


async def content_for(session: AsyncSession, attempt: QuizAttempt) -> QuizContent:
    return content_of(await session.get_one(QuizVersion, attempt.version_id))


def drawn_of(attempt: QuizAttempt) -> list[Drawn]:
    return msgspec.convert(attempt.drawn, list[Drawn])


async def given_answers(session: AsyncSession, attempt: QuizAttempt) -> dict[str, Given]:
    """Step: saved answers by question."""
    return {name: tuple(row.given) for name, row in (await _rows(session, attempt)).items()}


async def _rows(session: AsyncSession, attempt: QuizAttempt) -> dict[str, QuizAnswer]:
    found = await session.scalars(select(QuizAnswer).where(QuizAnswer.attempt_id == attempt.id))
    return {row.question_id: row for row in found}


async def _close_if_over(session: AsyncSession, attempt: QuizAttempt, now: datetime) -> bool:
    """Grade an open attempt whose time is up, at its deadline. True when it was."""
    if attempt.state == AttemptState.SUBMITTED or not rules.is_over(attempt.due_at, now):
        return False
    locked = await lock_row(session, QuizAttempt, attempt.id)
    if locked is not None and locked.state == AttemptState.OPEN:
        await _finish(session, locked, locked.due_at or now)
    return True


async def _finish(session: AsyncSession, attempt: QuizAttempt, at: datetime) -> None:
    """Grade what was saved, and publish what it earned. The caller has locked the open attempt."""
    asked = await questions(session, attempt)
    rows = await _rows(session, attempt)
    answers = {name: tuple(row.given) for name, row in rows.items()}
    settings = (await content_for(session, attempt)).settings
    for question in asked:
        if question.id in rows:
            rows[question.id].share = float(rules.share(question, answers[question.id]))
    earned = rules.mark(asked, answers, settings.pass_mark)
    attempt.state, attempt.submitted_at = AttemptState.SUBMITTED, at
    attempt.points, attempt.max_points = earned.points, earned.max_points
    attempt.passed, attempt.perfect = earned.passed, earned.perfect
    await session.flush()
    if not attempt.staff:
        await note_activity(session, [attempt.user_id], at)
        await _publish(session, attempt, at)


async def _publish(session: AsyncSession, attempt: QuizAttempt, at: datetime) -> None:
    """Publish the attempt, and what it earned: the first pass and the first perfect one are facts."""
    quiz = await session.get_one(Quiz, attempt.quiz_id)
    lesson = await session.get_one(Lesson, quiz.lesson_id)
    data = {
        "attempt": attempt.id,
        "percent": rules.percent(attempt.points or 0.0, attempt.max_points or 0.0),
        "version": (await session.get_one(QuizVersion, attempt.version_id)).number,
    }
    facts = (
        (FactKind.QUIZ_SUBMITTED, attempt.id, True),
        (FactKind.QUIZ_PASSED, quiz.id, attempt.passed),
        (FactKind.QUIZ_PERFECT, quiz.id, attempt.perfect),
    )
    for kind, subject in ((kind, subject) for kind, subject, earned in facts if earned):
        event = about_lesson(kind, attempt.user_id, lesson, at, data)
        await publish(session, msgspec.structs.replace(event, subject=subject))


async def settle(database: Database, attempt_id: str, now: datetime) -> None:
    """Use case: grade an open attempt whose time is up. Idempotent."""
    async with database.write() as session:
        if (attempt := await session.get(QuizAttempt, attempt_id)) is not None:
            await _close_if_over(session, attempt, now)


async def settle_own(
    database: Database, viewer: Viewer, lesson_id: str, attempt_id: str, now: datetime
) -> None:
    """Use case: as `settle`, before an attempt is shown to its owner. Writes only when its time is up."""
    async with database.read() as session:
        attempt = await owned(session, viewer, lesson_id, attempt_id)
        over = attempt.state == AttemptState.OPEN and rules.is_over(attempt.due_at, now)
    if over:
        await settle(database, attempt_id, now)


async def close_expired(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Scheduled task: grade attempts whose time is up, for learners who did not come back."""
    async with services.database.read() as session:
        wanted = select(QuizAttempt.id).where(
            QuizAttempt.state == AttemptState.OPEN, QuizAttempt.due_at < now - rules.GRACE
        )
        ids = list(await session.scalars(wanted.order_by(QuizAttempt.due_at).limit(SWEPT)))
    for attempt_id in ids:
        await settle(services.database, attempt_id, now)
    return message(N_("Attempts graded: %(count)s"), count=len(ids)) if ids else None
