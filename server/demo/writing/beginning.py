"""First transaction of the demo: institution, people, courses with their lessons, teams and challenges."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from server.demo import state
from server.demo.catalogue.lessons import CoursePlan, LessonPlan, courses
from server.demo.ids import ident
from server.demo.people.members import DOMAIN, Member, teaching, teams
from server.demo.year.terms import TERMS, Calendar
from server.institution import service as institution
from server.learning.quizzes import rules as quizzes
from server.learning.texts.markdown import rendered
from server.learning.texts.rules import reading_seconds
from storage.database.insert import insert_new_rows
from storage.database.tables import (
    CertificateSettings,
    Challenge,
    Course,
    CourseInstructor,
    EnrolmentWay,
    Institution,
    Lesson,
    LessonText,
    Quiz,
    QuizVersion,
    Team,
    TeamMember,
    User,
)
from storage.states import (
    Audience,
    ChallengeMetric,
    ChallengeMode,
    EnrolmentMode,
    LessonKind,
    PublicationStatus,
    Role,
)

NAME, ZONE = "Northfield University", "Europe/Berlin"
ADMINISTRATOR = f"administrator@{DOMAIN}"
READY = timedelta(days=21)  # before the first day, in which the courses were made
HOURS = 30.0  # of work, on certificates

Row = dict[str, Any]


async def settle_institution(session: AsyncSession, *, administered: bool) -> str:
    """Step: zone of the institution, which gets the demo's name unless its administrator has named it."""
    row = await session.get(Institution, 1)
    if row is None:
        row = Institution(id=1)
        session.add(row)
    if not administered:
        row.name, row.time_zone, row.setup_token_hash = NAME, ZONE, None
    await session.flush()
    return (await institution.shown(session)).time_zone


async def begin(
    session: AsyncSession, everybody: Sequence[Member], calendar: Calendar, *, administered: bool
) -> None:
    """Step. `administered`: there is an administrator; else the demo has one of its own."""
    if not administered:
        await insert_new_rows(session, User, [_administrator(calendar)])
    await insert_new_rows(session, User, [_person(one) for one in everybody])
    made = calendar.begin - READY
    await insert_new_rows(session, Course, [_course(plan, made) for plan in courses()])
    lessons = [lesson for plan in courses() for lesson in plan.lessons]
    await insert_new_rows(session, Lesson, [_lesson(lesson, made) for lesson in lessons])
    texts = [_text(lesson, made) for lesson in lessons if lesson.text]
    await insert_new_rows(session, LessonText, texts)
    await _quizzes(session, made)
    taught = [
        {"course_id": courses()[number].id, "user_id": user_id}
        for number, own in teaching(list(everybody)).items()
        for user_id in own
    ]
    await insert_new_rows(session, CourseInstructor, taught)
    await _ways(session, made)
    await _teams(session, everybody, calendar)
    await state.mark(session, state.BEGUN, len(everybody), calendar.end)


def administrator_id() -> str:
    return ident("administrator")


def _administrator(calendar: Calendar) -> Row:
    about = {"id": administrator_id(), "name": "Rosa Lindholm", "email": ADMINISTRATOR}
    return {**about, "role": Role.ADMINISTRATOR, "created_at": calendar.begin - READY}


def _person(one: Member) -> Row:
    about = {"id": one.id, "name": one.name, "email": one.email}
    return {**about, "role": one.role, "created_at": one.joined}


def _course(plan: CoursePlan, made: datetime) -> Row:
    return {
        "id": plan.id,
        "title": plan.subject.title,
        "description": plan.subject.teaser,
        "status": PublicationStatus.PUBLISHED,
        "created_at": made,
        "updated_at": made,
    }


def _lesson(lesson: LessonPlan, made: datetime) -> Row:
    return {
        "id": lesson.id,
        "course_id": courses()[lesson.course].id,
        "title": lesson.title,
        "description": lesson.description,
        "position": lesson.position,
        "kind": lesson.kind,
        "status": PublicationStatus.PUBLISHED,
        "created_at": made,
        "updated_at": made,
        "reading_seconds": reading_seconds(rendered(lesson.text).read) if lesson.text else None,
        "questions": quizzes.asked_count(lesson.quiz) if lesson.quiz else None,
    }


def _text(lesson: LessonPlan, made: datetime) -> Row:
    return {"lesson_id": lesson.id, "markdown": lesson.text, "updated_at": made}


async def _quizzes(session: AsyncSession, made: datetime) -> None:
    rows, versions = [], []
    for plan in courses():
        lesson = next(one for one in plan.lessons if one.kind == LessonKind.QUIZ)
        content = msgspec.to_builtins(lesson.quiz)
        asked = quizzes.asked_count(lesson.quiz) if lesson.quiz else 0
        rows.append({"id": plan.quiz_id, "lesson_id": lesson.id, "questions": asked, "updated_at": made})
        about = {"id": plan.version_id, "quiz_id": plan.quiz_id, "number": 1}
        versions.append({**about, "content": content, "created_at": made})
    await insert_new_rows(session, Quiz, rows)
    await insert_new_rows(session, QuizVersion, versions)


async def _ways(session: AsyncSession, made: datetime) -> None:
    """Every second course is open to everybody; three of four give certificates."""
    opened = [
        {"course_id": plan.id, "mode": EnrolmentMode.OPEN, "changed_at": made}
        for plan in courses()
        if plan.number % 2 == 0
    ]
    given = [
        {"course_id": plan.id, "given": True, "text": plan.subject.teaser, "hours": HOURS, "changed_at": made}
        for plan in courses()
        if plan.number % 4 != 3
    ]
    await insert_new_rows(session, EnrolmentWay, opened)
    await insert_new_rows(session, CertificateSettings, given)


async def _teams(session: AsyncSession, everybody: Sequence[Member], calendar: Calendar) -> None:
    made = calendar.begin - READY
    plans = teams(list(everybody))
    rows = [{"id": one.id, "name": one.name, "created_at": made, "updated_at": made} for one in plans]
    await insert_new_rows(session, Team, rows)
    joined = {one.id: one.joined for one in everybody}
    people = [
        {"team_id": one.id, "user_id": user_id, "added_at": joined[user_id]}
        for one in plans
        for user_id in one.user_ids
    ]
    await insert_new_rows(session, TeamMember, people)
    learners = sum(one.role == Role.LEARNER for one in everybody)
    await insert_new_rows(session, Challenge, list(_challenges(calendar, learners, plans[0].id)))


def _challenges(calendar: Calendar, learners: int, team_id: str) -> list[Row]:
    """One of the last term, with its result, and two that are running."""
    together, each = ChallengeMode.TOGETHER, ChallengeMode.EACH
    begun, last = calendar.first_day(TERMS - 2), calendar.today - timedelta(days=12)
    summer = (begun + timedelta(days=21), 27)
    now = (last, 25)
    everybody, team = {"audience": Audience.EVERYBODY}, {"audience": Audience.TEAM, "team_id": team_id}
    terms: list[tuple[str, tuple[Any, int], ChallengeMetric, ChallengeMode, int, Row]] = [
        ("A good start", summer, ChallengeMetric.LESSONS, together, max(20, learners), everybody),
        ("Fifteen days of learning", now, ChallengeMetric.DAYS, each, 15, everybody),
        ("20,000 XP for our class", now, ChallengeMetric.XP, together, 20_000, team),
    ]
    return [
        {
            "id": ident("challenge", title),
            "title": title,
            "first_day": days[0].isoformat(),
            "last_day": (days[0] + timedelta(days=days[1])).isoformat(),
            "metric": metric,
            "mode": mode,
            "target": target,
            "created_at": calendar.moment(days[0], -48),
            "updated_at": calendar.moment(days[0], -48),
            "team_id": None,
            **audience,
        }
        for title, days, metric, mode, target, audience in terms
    ]
