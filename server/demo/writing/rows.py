"""Rows and facts of what was done, as the product writes them. Reads and writes nothing."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import msgspec

from server.core.events import Event
from server.demo.catalogue.lessons import CoursePlan, courses
from server.demo.ids import ident
from server.demo.year.course import Lengths
from server.demo.year.deeds import Asked, Deed, Reached, Read, Replied, Reviewed, Tried, Watched
from server.demo.year.talk import thread_id
from server.learning.quizzes import rules as quizzes
from server.watching import rules as watching
from server.watching import spans
from storage.states import AttemptState, FactKind, LessonKind, PostState, ReviewState

LOADING = timedelta(seconds=20)  # between the player's page and its first second
HEARTBEAT_SECONDS = 10

Row = dict[str, Any]
OF_LESSONS = (FactKind.LESSON_STARTED, FactKind.LESSON_COMPLETED)
OF_ENROLMENTS = (FactKind.ENROLLED, FactKind.LEFT)


def course_of(deed: Deed) -> CoursePlan:
    return courses()[deed.course]


def lesson_id(deed: Deed) -> str:
    return course_of(deed).lessons[deed.lesson].id


def is_active(deed: Deed) -> bool:
    """Whether it makes a day of learning."""
    if isinstance(deed, Replied):
        return not deed.staff
    if isinstance(deed, Watched):
        return deed.seconds >= watching.VIEW_SECONDS
    return isinstance(deed, Read | Tried | Reviewed | Asked)


def session(deed: Watched, lengths: Lengths) -> Row:
    """Row of `video_analytics`."""
    return {
        "id": ident("session", deed.user_id, deed.number),
        "user_id": deed.user_id,
        "lesson_id": lesson_id(deed),
        "started_at": deed.at - timedelta(seconds=deed.seconds) - LOADING,
        "last_at": deed.at,
        "heartbeats": [[1, 2 + int(deed.seconds) // HEARTBEAT_SECONDS]],
        "spans": spans.to_json(deed.seen),
        "position": deed.seen[-1][1] / spans.TENTHS,
        "watch_seconds": deed.seconds,
        "completion_percentage": watching.percent(deed.seen, lengths[lesson_id(deed)]),
        "playback_speed": deed.speed,
        "quality_selected": deed.quality,
        "device_type": deed.device,
        "staff": False,
    }


def attempt(deed: Tried) -> tuple[Row, list[Row]]:
    """Rows of an attempt and of its answers."""
    plan = course_of(deed)
    content = plan.lessons[deed.lesson].quiz
    assert content is not None  # noqa: S101 - only quizzes are tried
    attempt_id = ident("attempt", deed.user_id, plan.number, deed.n)
    opened = deed.at - timedelta(minutes=deed.minutes)
    row = {
        "id": attempt_id,
        "quiz_id": plan.quiz_id,
        "version_id": plan.version_id,
        "user_id": deed.user_id,
        "n": deed.n,
        "state": AttemptState.SUBMITTED,
        "drawn": msgspec.to_builtins(quizzes.draw(content, attempt_id)),
        "opened_at": opened,
        "due_at": quizzes.due_at(content.settings, opened),
        "submitted_at": deed.at,
        "points": deed.mark.points,
        "max_points": deed.mark.max_points,
        "passed": deed.mark.passed,
        "perfect": deed.mark.perfect,
        "staff": False,
    }
    answers = [
        {
            "attempt_id": attempt_id,
            "question_id": question.id,
            "given": list(deed.given[question.id]),
            "saved_at": deed.at,
            "share": float(quizzes.share(question, deed.given[question.id])),
        }
        for question in content.questions
        if deed.given[question.id]
    ]
    return row, answers


def review(deed: Reviewed) -> Row:
    return {
        "course_id": course_of(deed).id,
        "user_id": deed.user_id,
        "stars": deed.stars,
        "text": deed.text,
        "created_at": deed.at,
        "updated_at": deed.at,
        "state": ReviewState.SHOWN,
    }


def post(deed: Asked | Replied, active_at: Any) -> Row:
    """`active_at`: of a thread, when its newest post was written."""
    reply = deed if isinstance(deed, Replied) else None
    return {
        "id": post_id(deed),
        "lesson_id": lesson_id(deed),
        "thread_id": reply and reply.to,
        "user_id": deed.user_id,
        "staff": reply is not None and reply.staff,
        "text": deed.text,
        "created_at": deed.at,
        "shown_at": deed.at,
        "active_at": active_at,
        "state": PostState.SHOWN,
    }


def post_id(deed: Asked | Replied) -> str:
    return thread_id(deed) if isinstance(deed, Asked) else ident("reply", deed.to, deed.user_id)


def facts(deeds: Iterable[Deed]) -> list[Event]:
    return [event for deed in deeds for event in _facts(deed)]


def _facts(deed: Deed) -> Iterator[Event]:
    match deed:
        case Reached():
            yield _reached(deed)
        case Tried():
            yield from _tried(deed)
        case Reviewed():
            yield _fact(deed, FactKind.REVIEW_POSTED, course_of(deed).id)
        case Asked():
            yield _fact(deed, FactKind.POST_CREATED, post_id(deed), lesson=lesson_id(deed))
        case Replied() if not deed.staff:
            yield _fact(deed, FactKind.POST_CREATED, post_id(deed), lesson=lesson_id(deed))
        case _:
            return


def _reached(deed: Reached) -> Event:
    if deed.kind in OF_LESSONS:
        data = {"version": 1} if deed.kind == FactKind.LESSON_COMPLETED else None
        return _fact(deed, deed.kind, lesson_id(deed), lesson=lesson_id(deed), data=data)
    plan = course_of(deed)
    if deed.kind in OF_ENROLMENTS:
        return _fact(deed, deed.kind, f"{plan.id}/1")
    data = {"version": 1, "lessons": len(plan.lessons)} if deed.kind == FactKind.COURSE_COMPLETED else None
    return _fact(deed, deed.kind, plan.id, data=data)


def _tried(deed: Tried) -> Iterator[Event]:
    """As `learning.quizzes.attempts` publishes them. A second pass is the same fact as the first."""
    attempt_id = ident("attempt", deed.user_id, deed.course, deed.n)
    percent = quizzes.percent(deed.mark.points, deed.mark.max_points)
    data = {"attempt": attempt_id, "percent": percent, "version": 1}
    quiz_id, lesson = course_of(deed).quiz_id, lesson_id(deed)
    yield _fact(deed, FactKind.QUIZ_SUBMITTED, attempt_id, lesson=lesson, data=data)
    if deed.mark.passed:
        yield _fact(deed, FactKind.QUIZ_PASSED, quiz_id, lesson=lesson, data=data)
    if deed.mark.perfect:
        yield _fact(deed, FactKind.QUIZ_PERFECT, quiz_id, lesson=lesson, data=data)


def _fact(
    deed: Deed, kind: FactKind, subject: str, *, lesson: str | None = None, data: Row | None = None
) -> Event:
    return Event(
        kind=kind,
        user_id=deed.user_id,
        subject=subject,
        at=deed.at,
        course_id=course_of(deed).id,
        lesson_id=lesson,
        data=data,
    )


def coverage(deeds: Iterable[Watched]) -> list[Row]:
    """Rows of `watch_coverage`: what was seen of each lesson in all sessions, in the order of time."""
    rows: dict[tuple[str, str], Row] = {}
    for deed in deeds:
        key = (deed.user_id, lesson_id(deed))
        begun = deed.at - timedelta(seconds=deed.seconds)
        row = rows.setdefault(key, {**_nothing(key), "first_at": deed.at})
        if watching.is_new_view(deed.seconds, row["viewed_at"], begun):
            row["views"], row["viewed_at"] = row["views"] + 1, begun
        seen = spans.union(spans.from_json(row["spans"]), deed.seen)
        row["spans"], row["covered"] = spans.to_json(seen), spans.length(seen)
        row["position"], row["last_at"] = deed.seen[-1][1] / spans.TENTHS, deed.at
    return list(rows.values())


def _nothing(key: tuple[str, str]) -> Row:
    of = {"user_id": key[0], "lesson_id": key[1]}
    return {**of, "spans": [], "covered": 0, "position": 0.0, "views": 0, "viewed_at": None, "staff": False}


def readings(deeds: Iterable[Read]) -> list[Row]:
    """Rows of `lesson_readings`: the first and the last time that a text was opened."""
    rows: dict[tuple[str, str], Row] = {}
    for deed in deeds:
        of = {"user_id": deed.user_id, "lesson_id": lesson_id(deed)}
        rows.setdefault((deed.user_id, lesson_id(deed)), {**of, "first_at": deed.at})["last_at"] = deed.at
    return list(rows.values())


def lectures() -> list[str]:
    """Ids of the video lessons."""
    return [one.id for plan in courses() for one in plan.lessons if one.kind == LessonKind.VIDEO]
