"""A person with something in every table that knows people."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.signing_in import limits
from server.accounts.signing_in.invitation_mail import about
from server.analytics.rollups.tasks import backfill
from server.core.events import note_activity
from server.outbox.service import Mail, put_mails
from server.playback.tokens import scope
from storage.database.base import Base, new_id
from storage.database.tables import (
    ApiToken,
    AuditEntry,
    BoardGroupMember,
    Challenge,
    ChallengeResult,
    Course,
    CourseAnalytics,
    DiscussionSeen,
    GamePreference,
    InstructorAnalytics,
    Invitation,
    Lesson,
    LessonReading,
    Payment,
    Quiz,
    QuizAnswer,
    QuizAttempt,
    QuizVersion,
    RuleChange,
    RuleChangePerson,
    SegmentDelivery,
    Team,
    Upload,
    User,
    UserSession,
    Video,
    WatchAllowance,
    XpRuleVersion,
)
from storage.states import AttemptState, ChangeState, LessonKind, XpRule
from storage.states.privacy import AuditAction, AuditSubject
from tests.world import learning, talk
from tests.world.builder import World

NAME, EMAIL = "Ada Quixotic", "ada.quixotic@example.edu"


async def add_biography(world: World) -> User:
    """A learner who also teaches, moderates and administers, so that every column knows them."""
    now = world.now()
    person = await world.person(NAME, email=EMAIL, password="correct horse battery")
    other = await world.person("Max Born")
    course = await world.course("Light", instructors=[person], learners=[other])
    lesson = await world.lesson(course, "Rays")
    video = await world.video(lesson, height=180, seconds=18)
    await world.lesson(course, "Waves")
    quiz = await world.quiz(await world.lesson(course, "Test", kind=LessonKind.QUIZ))
    await world.enrol(course, person)
    await world.watched(lesson, person, ((0, 150),))
    await world.completed(lesson, person)
    await world.certificate(course, person)
    team, challenge = await world.team("10b", person), await world.challenge()
    entered = await world.payment()
    await world.payment(email=EMAIL, note=f"for {NAME}")
    async with world.database.write() as session:
        await _written(session, person, other, course, lesson, now)
        await _attempt(session, person, quiz, now)
        of_person = {"user_id": person.id}
        session.add_all(_own_rows(of_person, lesson.id, challenge.id, now))
        session.add_all(_made_by(person, video.id, course.id, now))
        (await session.get_one(Course, course.id)).created_by = person.id
        (await session.get_one(Team, team.id)).created_by = person.id
        (await session.get_one(Challenge, challenge.id)).created_by = person.id
        (await session.get_one(Video, video.id)).submitted_by = person.id
        (await session.get_one(Payment, entered)).created_by = person.id
        await put_mails(session, [Mail(EMAIL, "Welcome", f"Dear {NAME}", about=about(person.id))], now)
    await limits.count_attempt(world.database, email=EMAIL, source="192.0.2.1", now=now)
    await backfill(world.database, None, now + timedelta(days=2))
    return person


async def _written(
    session: AsyncSession, person: User, other: User, course: Course, lesson: Lesson, now: datetime
) -> None:
    await note_activity(session, [person.id], now)
    learning.add_break(session, person.id, now)
    talk.add_post(session, lesson.id, person.id, at=now, text=f"I am {NAME}")
    talk.add_review(session, course.id, person.id, at=now, text=f"By {NAME}")
    theirs = talk.add_post(session, lesson.id, other.id, at=now)
    review = talk.add_review(session, course.id, other.id, at=now)
    theirs.moderated_by = review.moderated_by = person.id


async def _attempt(session: AsyncSession, person: User, quiz: Quiz, now: datetime) -> None:
    """An open one, with an answer that names the person."""
    version = (await session.scalars(select(QuizVersion).where(QuizVersion.quiz_id == quiz.id))).one()
    attempt = QuizAttempt(
        id=new_id(), quiz_id=quiz.id, version_id=version.id, user_id=person.id, n=1,
        state=AttemptState.OPEN, drawn=[], opened_at=now,
    )  # fmt: skip
    session.add(attempt)
    await session.flush()
    session.add(QuizAnswer(attempt_id=attempt.id, question_id="q", given=[NAME], saved_at=now))


def _own_rows(own: dict[str, Any], lesson_id: str, challenge_id: str, now: datetime) -> list[Base]:
    """Rows that nothing else in this world makes. `own`: the person's id as a column."""
    return [
        ApiToken(**own, id=new_id(), name=f"Recorder of {NAME}", token_hash=new_id(), created_at=now),
        UserSession(**own, id_hash=new_id(), created_at=now, last_seen_at=now),
        Invitation(**own, token_hash=new_id(), created_at=now, expires_at=now + timedelta(days=9)),
        BoardGroupMember(**own, period="2026-11-23", band=0, number=1),
        ChallengeResult(**own, challenge_id=challenge_id, progress=7),
        DiscussionSeen(**own, lesson_id=lesson_id, seen_at=now),
        GamePreference(**own, name_hidden=True, profile_public=True),
        LessonReading(**own, lesson_id=lesson_id, first_at=now, last_at=now),
        WatchAllowance(**own, balance=5.0, as_of=now),
        Upload(
            **own, id=new_id(), lesson_id=lesson_id, s3_key=new_id(), filename="rays.mp4",
            created_at=now, expires_at=now,
        ),
        InstructorAnalytics(**own, day="2026-01-05", uploads=3),
    ]  # fmt: skip


def _made_by(person: User, video_id: str, course_id: str, now: datetime) -> list[Base]:
    """Rows that name the person otherwise."""
    change_id, one = new_id(), person.id
    return [
        SegmentDelivery(video_id=video_id, scope=scope(one).hex(), bits=b"\x01"),
        RuleChange(
            id=change_id, change={}, base="", state=ChangeState.PREVIEWED, created_at=now, created_by=one
        ),
        RuleChangePerson(
            user_id=one, change_id=change_id, xp_before=0, xp_after=1, size=1, level_before=0, level_after=0,
            streak_before=0, streak_after=0, unlocked=[], ranks=True,
        ),
        XpRuleVersion(
            rule=XpRule.QUIZ_PASSED, subject="", version=9, amount=1, created_by=one, created_at=now,
            valid_from=now,
        ),
        CourseAnalytics(course_id=course_id, day="2026-01-05", taught_by=[one], uploads=3),
        AuditEntry(
            at=now, actor_id=one, actor_name=NAME, action=AuditAction.MAINTENANCE_ON,
            subject_kind=AuditSubject.INSTALLATION,
        ),
        AuditEntry(
            at=now, action=AuditAction.PERSON_ADDED, subject_kind=AuditSubject.PERSON, subject_id=one,
            label=NAME,
        ),
    ]  # fmt: skip
