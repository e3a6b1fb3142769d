"""What an export of one person holds: tables, which of their rows, and the columns."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, or_, select

from server.operations.export.tables import EXPORTED
from storage.database.base import Base
from storage.database.tables import (
    ActivityDay,
    ApiToken,
    AuditEntry,
    Certificate,
    ChallengeResult,
    Course,
    CourseInstructor,
    DiscussionSeen,
    Enrolment,
    GamePreference,
    LearningEvent,
    LessonReading,
    OutboxMessage,
    Payment,
    Post,
    QuizAnswer,
    QuizAttempt,
    Review,
    StreakBreak,
    TeamMember,
    Upload,
    User,
    UserAchievement,
    UserSession,
    UserStats,
    VideoAnalytics,
    WatchCoverage,
    WatchDay,
    XpTransaction,
)
from storage.states.privacy import AuditSubject


class Owner(msgspec.Struct, frozen=True):
    id: str
    email: str


Own = Callable[[Owner], ColumnElement[bool]]

# Which rows are theirs. Columns and what they mean are those of the export of everything.
_ATTEMPTS = select(QuizAttempt.id)
OWN: Mapping[type[Base], Own] = {
    User: lambda one: User.id == one.id,
    Enrolment: lambda one: Enrolment.user_id == one.id,
    CourseInstructor: lambda one: CourseInstructor.user_id == one.id,
    Course: lambda one: Course.created_by == one.id,
    LearningEvent: lambda one: LearningEvent.user_id == one.id,
    LessonReading: lambda one: LessonReading.user_id == one.id,
    WatchCoverage: lambda one: WatchCoverage.user_id == one.id,
    VideoAnalytics: lambda one: VideoAnalytics.user_id == one.id,
    ActivityDay: lambda one: ActivityDay.user_id == one.id,
    QuizAttempt: lambda one: QuizAttempt.user_id == one.id,
    QuizAnswer: lambda one: QuizAnswer.attempt_id.in_(_ATTEMPTS.where(QuizAttempt.user_id == one.id)),
    Review: lambda one: Review.user_id == one.id,
    Post: lambda one: Post.user_id == one.id,
    DiscussionSeen: lambda one: DiscussionSeen.user_id == one.id,
    Certificate: lambda one: Certificate.user_id == one.id,
    XpTransaction: lambda one: XpTransaction.user_id == one.id,
    UserAchievement: lambda one: UserAchievement.user_id == one.id,
    GamePreference: lambda one: GamePreference.user_id == one.id,
    StreakBreak: lambda one: StreakBreak.user_id == one.id,
    TeamMember: lambda one: TeamMember.user_id == one.id,
    ChallengeResult: lambda one: ChallengeResult.user_id == one.id,
    Payment: lambda one: or_(Payment.user_id == one.id, Payment.email == one.email),
}
# Tables that the export of everything leaves out: file, rows, and the columns without secrets.
MORE: Mapping[type[Base], tuple[str, Own, tuple[str, ...]]] = {
    UserSession: ("browsers", lambda one: UserSession.user_id == one.id, ("created_at", "last_seen_at")),
    ApiToken: (
        "tokens",
        lambda one: ApiToken.user_id == one.id,
        ("id", "name", "created_at", "last_used_at", "revoked_at"),
    ),
    WatchDay: (
        "watched_days",
        lambda one: WatchDay.user_id == one.id,
        ("session_id", "day", "course_id", "lesson_id", "seconds"),
    ),
    UserStats: (
        "sums",
        lambda one: UserStats.user_id == one.id,
        ("total_xp", "level", "lessons", "courses", "quizzes", "longest_streak", "updated_at"),
    ),
    Upload: (
        "uploads",
        lambda one: Upload.user_id == one.id,
        ("id", "lesson_id", "filename", "content_type", "size", "state", "created_at"),
    ),
    OutboxMessage: (
        "mails",
        lambda one: OutboxMessage.recipient == one.email,
        ("subject", "created_at", "state", "sent_at"),
    ),
    AuditEntry: (
        "administration",
        lambda one: or_(
            AuditEntry.actor_id == one.id,
            (AuditEntry.subject_kind == AuditSubject.PERSON) & (AuditEntry.subject_id == one.id),
        ),
        ("at", "action", "subject_kind", "subject_id", "label", "data"),
    ),
}


class Source(msgspec.Struct, frozen=True):
    """A list of the export."""

    name: str  # of its files, without the suffix
    table: Any
    own: Own
    columns: tuple[str, ...]


def _sources() -> list[Source]:
    told = [
        Source(EXPORTED[table].file.removesuffix(".jsonl"), table, own, tuple(EXPORTED[table].columns))
        for table, own in OWN.items()
    ]
    return told + [Source(name, table, own, columns) for table, (name, own, columns) in MORE.items()]


SOURCES = _sources()
