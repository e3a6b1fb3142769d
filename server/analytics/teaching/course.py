"""Lessons of a course with their hardest moments, its questions, and who may need help. Steps."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import msgspec
from sqlalchemy import Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions.scope import Scope
from server.analytics.lately import lately
from server.analytics.remembered import remembered
from server.analytics.teaching import rules
from server.analytics.teaching.rules import Learner, Moment, Needs, Tried
from server.learning.learners import figures, listing
from server.learning.learners.rules import LearnerStatus
from server.learning.quizzes import results
from server.learning.quizzes.service import content_of, current
from server.learning.quizzes.statistics import FEWEST, ItemFigures
from server.library import access
from server.watching.insight.lesson import LessonInsight, lesson_insight, versions
from storage.database.tables import LearningEvent, Lesson, Quiz, QuizAttempt
from storage.states import AttemptState, FactKind, PublicationStatus

MOST_NEEDS = 20  # people on the page
LOT_PEOPLE = 500  # of one query
HARD = 0.5  # share of right answers below which a question is named hard


class LessonFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson for all time, without those who teach the course."""

    lesson_id: str
    title: str
    completed: int  # learners
    viewers: int | None = None  # of a video
    seen_percent: int | None = None  # of the video, on average
    watch_seconds: int | None = None
    duration: float | None = None
    moments: list[Moment] = []  # by time; empty with fewer than five viewers


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its figures, from each learner's first attempt."""

    lesson_id: str
    lesson: str
    text: str
    moment: float | None  # in a video
    figures: ItemFigures

    @property
    def is_hard(self) -> bool:
        return self.figures.difficulty is not None and self.figures.difficulty < HARD


class Course(msgspec.Struct, frozen=True):
    """What the page of a course shows besides the console."""

    lessons: list[LessonFigures]
    items: list[Item]
    needs: list[Needs]  # those with most reasons
    needs_count: int


async def course(session: AsyncSession, course_id: str, now: datetime, counted: datetime) -> Course:
    """Step. `counted`: the moment of the console that is shown beside it: nothing here is older."""

    async def count() -> Course:
        found = await needs(session, course_id, now)
        return Course(
            lessons=await lessons(session, course_id),
            items=await items(session, course_id),
            needs=found[:MOST_NEEDS],
            needs_count=len(found),
        )

    scope = Scope(course_id=course_id)
    return await lately(
        session, ("course", counted), scope, now, count, lambda found: 1 + len(found.items) // 10
    )


async def lessons(session: AsyncSession, course_id: str) -> list[LessonFigures]:
    rows = (await session.scalars(_published(course_id))).all()
    fact = LearningEvent
    ids = [row.id for row in rows]
    # By the course: those of a kind would be looked through for their subjects.
    done = select(fact.subject, func.count()).where(
        fact.kind == FactKind.LESSON_COMPLETED, fact.course_id == course_id, fact.subject.in_(ids)
    )
    completed = {one: count for one, count in await session.execute(done.group_by(fact.subject))}  # noqa: C416
    wrong = await _wrong(session, rows)
    insights = await _insights(session, rows)
    return [
        _lesson(row, completed.get(row.id, 0), wrong.get(row.id, []), insights.get(row.id)) for row in rows
    ]


async def _insights(session: AsyncSession, rows: Sequence[Lesson]) -> dict[str, LessonInsight]:
    """Watch figures of the videos: those of a lecture are counted again when somebody has watched it."""
    videos = [row for row in rows if row.video_id is not None]
    known = await versions(session, [row.id for row in videos])
    found = {}
    for row in videos:
        version = (row.video_id, row.video_duration_seconds, known.get(row.id))
        found[row.id] = await remembered(
            session, ("insight", row.id), version, partial(lesson_insight, session, row)
        )
    return found


def _published(course_id: str) -> Select[Lesson]:
    return (
        select(Lesson)
        .where(Lesson.course_id == course_id, Lesson.status == PublicationStatus.PUBLISHED)
        .order_by(Lesson.position, Lesson.id)
    )


def _lesson(
    row: Lesson, completed: int, wrong: Sequence[Moment], found: LessonInsight | None
) -> LessonFigures:
    base = LessonFigures(lesson_id=row.id, title=row.title, completed=completed)
    if found is None:
        return base
    duration = row.video_duration_seconds or 0.0
    moments = list(wrong)
    if found.retention is not None and found.heat is not None and found.slow is not None:
        moments += rules.left(found.drop_off or (), found.unique_viewers)
        moments += rules.again(found.heat, found.retention, duration)
        moments += rules.slowly(found.slow, found.heat, duration)
    return msgspec.structs.replace(
        base,
        viewers=found.unique_viewers,
        seen_percent=found.average_completion,
        watch_seconds=found.watch_seconds,
        duration=duration,
        moments=sorted(moments, key=lambda one: (one.at, one.kind)),
    )


async def _quizzes(session: AsyncSession, lesson_ids: Sequence[str]) -> list[Quiz]:
    found = select(Quiz).where(Quiz.lesson_id.in_(lesson_ids), Quiz.questions > 0)
    return list(await session.scalars(found.order_by(Quiz.moment, Quiz.id)))


async def _wrong(session: AsyncSession, rows: Sequence[Lesson]) -> dict[str, list[Moment]]:
    """Moments of quizzes in videos that many answered wrongly, by lesson."""
    found: dict[str, list[Moment]] = {}
    for quiz in await _quizzes(session, [row.id for row in rows]):
        if quiz.moment is None:
            continue
        known = [one for one in (await results.item_figures(session, quiz)).values() if one.right is not None]
        asked, right = sum(one.asked for one in known), sum(one.right or 0 for one in known)
        found.setdefault(quiz.lesson_id, []).extend(rules.wrong(quiz.moment, right, asked))
    return found


async def items(session: AsyncSession, course_id: str) -> list[Item]:
    """Questions with enough answers, the hardest first."""
    titles = {row.id: row.title for row in await session.scalars(_published(course_id))}
    found = []
    for quiz in await _quizzes(session, list(titles)):
        known = await results.item_figures(session, quiz)
        for question in content_of(await current(session, quiz)).questions:
            own = known.get(question.id)
            if own is not None and own.asked >= FEWEST:
                found.append(
                    Item(
                        lesson_id=quiz.lesson_id,
                        lesson=titles[quiz.lesson_id],
                        text=question.text,
                        moment=quiz.moment,
                        figures=own,
                    )
                )
    return sorted(found, key=lambda one: (one.figures.difficulty or 0.0, one.text))


async def needs(session: AsyncSession, course_id: str, now: datetime) -> list[Needs]:
    """Learners whose enrolment has not ended and who have not completed the course."""
    going = figures.learners(course_id).where(access.LIVE, ~figures.COMPLETED)
    ids = list(await session.scalars(going))
    failed = await _failed(session, course_id)
    learners: list[Learner] = []
    for start in range(0, len(ids), LOT_PEOPLE):
        for row in await listing.rows(session, course_id, ids[start : start + LOT_PEOPLE]):
            if row.status not in (LearnerStatus.COMPLETED, LearnerStatus.LEFT):
                learners.append(
                    Learner(
                        user_id=row.user_id,
                        name=row.name,
                        enrolled_at=row.enrolled_at,
                        last_seen=row.last_seen,
                        done=row.done,
                        required=row.required,
                        failed=tuple(failed.get(row.user_id, ())),
                    )
                )
    return rules.who_needs_help(learners, now)


async def _failed(session: AsyncSession, course_id: str) -> Mapping[str, list[Tried]]:
    """Quizzes that were tried and are not passed, by learner."""
    attempt = QuizAttempt
    tried = (
        select(
            attempt.user_id,
            Lesson.title,
            func.count(),
            func.max(case((attempt.passed.is_(True), 1), else_=0)),
        )
        .join(Quiz, Quiz.id == attempt.quiz_id)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .where(
            attempt.quiz_id.in_(figures.quizzes(course_id)),
            attempt.state == AttemptState.SUBMITTED,
            ~attempt.staff,
        )
        .group_by(attempt.user_id, Quiz.id, Lesson.title)
    )
    found: dict[str, list[Tried]] = {}
    for user_id, title, count, passed in await session.execute(tried):
        if not passed:
            found.setdefault(user_id, []).append(Tried(title, count))
    return found
