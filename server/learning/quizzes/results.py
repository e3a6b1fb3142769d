"""Attempts as their learners see them, and what instructors learn from all of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.text.formats import translated
from server.learning.quizzes import attempts, rules, statistics
from server.learning.quizzes.model import CHOICES, Drawn, Question
from server.learning.quizzes.rules import Given
from server.learning.quizzes.schemas import (
    AttemptSummary,
    AttemptView,
    QuestionView,
    QuizStart,
    Review,
    ShownOption,
)
from server.learning.quizzes.service import content_of, current
from server.library.access import is_teaching
from storage.database.tables import Lesson, Quiz, QuizAnswer, QuizAttempt, QuizVersion
from storage.states import AttemptState


class Reading(msgspec.Struct, frozen=True):
    """What decides how much of an attempt is shown."""

    submitted: bool
    shows_right: bool


async def attempt_view(session: AsyncSession, attempt: QuizAttempt, now: datetime) -> AttemptView:
    """Step: an attempt for the person who made it. While it is open, nothing about what is right."""
    content = await attempts.content_for(session, attempt)
    answers = await attempts.given_answers(session, attempt)
    submitted = attempt.state == AttemptState.SUBMITTED
    passed = submitted and await _has_passed(session, attempt)
    shown = rules.shows_right(content.settings, passed=passed, staff=attempt.staff)
    reading = Reading(submitted, submitted and shown)
    by_id = {question.id: question for question in content.questions}
    drawn = attempts.drawn_of(attempt)
    return AttemptView(
        **msgspec.structs.asdict(summary(attempt)),
        quiz_id=attempt.quiz_id,
        seconds_left=_seconds_left(attempt, now),
        pass_mark=content.settings.pass_mark,
        shows_right=reading.shows_right,
        questions=[
            _question(by_id[one.question], one, answers.get(one.question, ()), reading) for one in drawn
        ],
    )


async def _has_passed(session: AsyncSession, attempt: QuizAttempt) -> bool:
    mine = await attempts.of_person(session, attempt.quiz_id, attempt.user_id)
    return any(other.passed for other in mine)


def summary(attempt: QuizAttempt) -> AttemptSummary:
    graded = attempt.state == AttemptState.SUBMITTED
    return AttemptSummary(
        id=attempt.id,
        n=attempt.n,
        state=attempt.state,
        opened_at=attempt.opened_at,
        due_at=attempt.due_at,
        submitted_at=attempt.submitted_at,
        points=attempt.points,
        max_points=attempt.max_points,
        percent=rules.percent(attempt.points or 0.0, attempt.max_points or 0.0) if graded else None,
        passed=attempt.passed,
    )


def _seconds_left(attempt: QuizAttempt, now: datetime) -> int | None:
    if attempt.due_at is None or attempt.state == AttemptState.SUBMITTED:
        return None
    return max(0, int((attempt.due_at - now).total_seconds()))


def _question(question: Question, drawn: Drawn, given: Given, reading: Reading) -> QuestionView:
    options = {option.id: option for option in question.options}
    unclear = rules.asked_back(question, given)
    return QuestionView(
        id=question.id,
        kind=question.kind,
        text=question.text,
        points=question.points,
        options=[ShownOption(id=shown, text=options[shown].text) for shown in drawn.options],
        given=list(given),
        unclear=translated(unclear) if unclear and not reading.submitted else "",
        review=_review(question, given, reading) if reading.submitted else None,
    )


def _review(question: Question, given: Given, reading: Reading) -> Review:
    chosen = [option for option in question.options if option.id in given]
    feedback = {option.id: option.feedback for option in chosen if option.feedback}
    share = rules.share(question, given)
    return Review(
        share=float(share),
        feedback=question.feedback if reading.shows_right or share == 1 else "",  # often names what is right
        option_feedback=feedback if question.kind in CHOICES else {},
        right=list(rules.right_answer(question)) if reading.shows_right else None,
    )


async def start(session: AsyncSession, viewer: Viewer, lesson: Lesson, quiz: Quiz) -> QuizStart:
    """Step: what is said before an attempt, and the viewer's attempts so far."""
    settings = content_of(await current(session, quiz)).settings
    mine = await attempts.of_person(session, quiz.id, viewer.id)
    staff = await is_teaching(session, viewer, lesson.course_id)
    return QuizStart(
        quiz_id=quiz.id,
        moment=quiz.moment,
        questions=quiz.questions,
        minutes=settings.minutes,
        pass_mark=settings.pass_mark,
        attempts_allowed=settings.attempts,
        attempts_left=None if staff else rules.attempts_left(settings, len(mine)),
        passed=any(attempt.passed for attempt in mine),
        attempts=[summary(attempt) for attempt in mine],
    )


async def item_figures(session: AsyncSession, quiz: Quiz) -> dict[str, statistics.ItemFigures]:
    """Step: figures of the questions as they are now, from each learner's first attempt.

    Answers to an earlier version count while the question is the same; previews never do.
    """
    now = {question.id: question for question in content_of(await current(session, quiz)).questions}
    firsts = select(func.min(QuizAttempt.n).label("n"), QuizAttempt.user_id).where(
        QuizAttempt.quiz_id == quiz.id,
        QuizAttempt.staff.is_(False),
        QuizAttempt.state == AttemptState.SUBMITTED,
    )
    first = firsts.group_by(QuizAttempt.user_id).subquery()
    rows = await session.execute(
        select(QuizAttempt.id, QuizAttempt.version_id, QuizAttempt.drawn)
        .join(first, (first.c.user_id == QuizAttempt.user_id) & (first.c.n == QuizAttempt.n))
        .where(QuizAttempt.quiz_id == quiz.id)
        .order_by(QuizAttempt.id)
    )
    same = await _unchanged(session, quiz, now)
    shares = await _shares(session, quiz)
    counted = [
        {
            one.question: shares.get((attempt_id, one.question), 0.0)
            for one in msgspec.convert(drawn, list[Drawn])
            if one.question in same[version_id]
        }
        for attempt_id, version_id, drawn in rows
    ]
    return statistics.figures(counted)


async def _unchanged(
    session: AsyncSession, quiz: Quiz, now: Mapping[str, Question]
) -> dict[str, frozenset[str]]:
    """By version: its questions that are the same today."""
    versions: Sequence[QuizVersion] = (
        await session.scalars(select(QuizVersion).where(QuizVersion.quiz_id == quiz.id))
    ).all()
    return {
        version.id: frozenset(q.id for q in content_of(version).questions if now.get(q.id) == q)
        for version in versions
    }


async def _shares(session: AsyncSession, quiz: Quiz) -> dict[tuple[str, str], float]:
    rows = await session.execute(
        select(QuizAnswer.attempt_id, QuizAnswer.question_id, QuizAnswer.share)
        .join(QuizAttempt, QuizAttempt.id == QuizAnswer.attempt_id)
        .where(QuizAttempt.quiz_id == quiz.id, QuizAnswer.share.is_not(None))
    )
    return {(attempt_id, question_id): share or 0.0 for attempt_id, question_id, share in rows}
