"""Tables by subject. Importing this package registers every one of them."""

from storage.database.tables.accounts import (
    ApiToken,
    Institution,
    Invitation,
    ServerKey,
    SignInFailure,
    User,
    UserSession,
)
from storage.database.tables.analytics import (
    AnalyticsCheck,
    AnalyticsDay,
    CourseAnalytics,
    EncodingEvent,
    InstructorAnalytics,
    PlatformAnalytics,
    WatchDay,
)
from storage.database.tables.learning.certificates import Certificate, CertificateSettings
from storage.database.tables.learning.contents import LessonFile, LessonReading, LessonText
from storage.database.tables.learning.discussion import DiscussionSeen, Post, Review
from storage.database.tables.learning.enrolling import EnrolmentWay
from storage.database.tables.learning.facts import LearningEvent
from storage.database.tables.learning.gamification import (
    Achievement,
    BoardGroupMember,
    CalendarDay,
    CalendarWeek,
    GamePreference,
    GameSettings,
    LeaderboardCount,
    LeaderboardRow,
    StreakBreak,
    UserAchievement,
    UserStats,
    XpRuleVersion,
    XpTransaction,
)
from storage.database.tables.learning.quizzes import Quiz, QuizAnswer, QuizAttempt, QuizVersion
from storage.database.tables.learning.rule_changes import RuleChange, RuleChangePerson
from storage.database.tables.learning.teams import Challenge, ChallengeResult, Team, TeamMember
from storage.database.tables.learning.watching import (
    ActivityDay,
    SegmentDelivery,
    VideoAnalytics,
    WatchAllowance,
    WatchCoverage,
)
from storage.database.tables.library import Course, CourseInstructor, Enrolment, Lesson
from storage.database.tables.objects import ObjectDeletion
from storage.database.tables.operations import OperatorSettings, OriginalRemoval
from storage.database.tables.outbox import Notice, OutboxMessage
from storage.database.tables.payments import Payment
from storage.database.tables.privacy import AuditEntry, Erasure, RetentionLimit
from storage.database.tables.tasks import ScheduledTask
from storage.database.tables.uploads import Host, Upload
from storage.database.tables.video import Job, Video, WorkerRow

__all__ = [
    "Achievement",
    "ActivityDay",
    "AnalyticsCheck",
    "AnalyticsDay",
    "ApiToken",
    "AuditEntry",
    "BoardGroupMember",
    "CalendarDay",
    "CalendarWeek",
    "Certificate",
    "CertificateSettings",
    "Challenge",
    "ChallengeResult",
    "Course",
    "CourseAnalytics",
    "CourseInstructor",
    "DiscussionSeen",
    "EncodingEvent",
    "Enrolment",
    "EnrolmentWay",
    "Erasure",
    "GamePreference",
    "GameSettings",
    "Host",
    "Institution",
    "InstructorAnalytics",
    "Invitation",
    "Job",
    "LeaderboardCount",
    "LeaderboardRow",
    "LearningEvent",
    "Lesson",
    "LessonFile",
    "LessonReading",
    "LessonText",
    "Notice",
    "ObjectDeletion",
    "OperatorSettings",
    "OriginalRemoval",
    "OutboxMessage",
    "Payment",
    "PlatformAnalytics",
    "Post",
    "Quiz",
    "QuizAnswer",
    "QuizAttempt",
    "QuizVersion",
    "RetentionLimit",
    "Review",
    "RuleChange",
    "RuleChangePerson",
    "ScheduledTask",
    "SegmentDelivery",
    "ServerKey",
    "SignInFailure",
    "StreakBreak",
    "Team",
    "TeamMember",
    "Upload",
    "User",
    "UserAchievement",
    "UserSession",
    "UserStats",
    "Video",
    "VideoAnalytics",
    "WatchAllowance",
    "WatchCoverage",
    "WatchDay",
    "WorkerRow",
    "XpRuleVersion",
    "XpTransaction",
]
