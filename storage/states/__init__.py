"""Values of the state columns, one StrEnum a column. Pure: rules import them too."""

from enum import StrEnum

from storage.states import privacy


class Role(StrEnum):
    LEARNER = "learner"
    INSTRUCTOR = "instructor"
    ADMINISTRATOR = "administrator"


class PublicationStatus(StrEnum):
    """Of a course and of a lesson."""

    DRAFT = "draft"
    PUBLISHED = "published"


class EnrolmentMode(StrEnum):
    """How learners get into a course; its instructors may enrol them whatever it is."""

    INSTRUCTOR = "instructor"
    OPEN = "open"  # everybody who is signed in
    CODE = "code"  # whoever has the course's code


class LessonKind(StrEnum):
    VIDEO = "video"
    TEXT = "text"
    QUIZ = "quiz"


class FileKind(StrEnum):
    """Of a row in `lesson_files`."""

    PICTURE = "picture"  # shown in the lesson's text
    ATTACHMENT = "attachment"  # offered for download beside the lesson


class VideoStatus(StrEnum):
    """Of a lesson's newest video, as the API shows it (spec section 1)."""

    UPLOADING = "uploading"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class UploadState(StrEnum):
    OPEN = "open"
    RECEIVED = "received"  # every byte is in the spool, not yet in the object store
    STORED = "stored"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class RevisionState(StrEnum):
    """Of a row in `videos`."""

    WAITING = "waiting"
    ENCODING = "encoding"
    FINISHING = "finishing"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class OriginalState(StrEnum):
    """Of a row in `original_removals`."""

    MARKED = "marked"  # to be deleted; an administrator may keep it meanwhile
    KEPT = "kept"  # by an administrator, whatever its age
    REMOVED = "removed"


class JobKind(StrEnum):
    PREPARE = "prepare"
    AUDIO = "audio"
    CHUNK = "chunk"
    FINISH = "finish"


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class FactKind(StrEnum):
    """Of a row in `learning_events` (spec section 9)."""

    ENROLLED = "enrolled"
    LEFT = "left"
    LESSON_STARTED = "lesson_started"
    LESSON_COMPLETED = "lesson_completed"
    QUIZ_SUBMITTED = "quiz_submitted"  # each graded attempt
    QUIZ_PASSED = "quiz_passed"
    QUIZ_PERFECT = "quiz_perfect"
    COURSE_STARTED = "course_started"  # with its first lesson
    COURSE_HALFWAY = "course_halfway"  # with half of the lessons that were required then
    COURSE_COMPLETED = "course_completed"
    REVIEW_POSTED = "review_posted"
    POST_CREATED = "post_created"
    POST_DELETED = "post_deleted"
    CERTIFICATE_ISSUED = "certificate_issued"
    CERTIFICATE_REVOKED = "certificate_revoked"
    ACHIEVEMENT_UNLOCKED = "achievement_unlocked"
    PAYMENT = "payment"


class EncodingKind(StrEnum):
    """Of a row in `encoding_events`."""

    SUBMITTED = "submitted"
    READY = "ready"
    FAILED = "failed"


class XpRule(StrEnum):
    """What a line of the XP ledger is for (spec section 2). The freezes are told and pay nothing."""

    LESSON_COMPLETED = "lesson_completed"
    QUIZ_PASSED = "quiz_passed"
    QUIZ_PERFECT = "quiz_perfect"
    COURSE_COMPLETED = "course_completed"
    DAILY_STREAK = "daily_streak"
    ACHIEVEMENT_UNLOCKED = "achievement_unlocked"
    FIRST_REVIEW = "first_review"
    DISCUSSION_POST = "discussion_post"
    FREEZE_EARNED = "freeze_earned"
    FREEZE_USED = "freeze_used"


class LineReason(StrEnum):
    """Why a line of the XP ledger was written."""

    EARNED = "earned"
    CHANGED = "changed"  # the rules or the calendar were changed from the beginning
    TAKEN_BACK = "taken_back"  # what it was paid for is gone, as a deleted post


class ChangeState(StrEnum):
    """Of a change of rules, achievements or calendar."""

    PREVIEWING = "previewing"  # what it would do is being counted
    PREVIEWED = "previewed"
    APPLYING = "applying"  # the rules are changed; people are being settled
    APPLIED = "applied"


class ChangeScope(StrEnum):
    """What a change of rules is for."""

    FROM_NOW = "from_now"  # nobody's past changes
    FROM_BEGINNING = "from_beginning"


class Criterion(StrEnum):
    """What an achievement counts."""

    LESSONS = "lessons"  # completed
    COURSES = "courses"  # completed
    QUIZZES = "quizzes"  # passed
    PERFECT_QUIZZES = "perfect_quizzes"
    POSTS = "posts"  # not deleted
    STREAK = "streak"  # days of the longest one
    LEVEL = "level"


class Rarity(StrEnum):
    COMMON = "common"
    RARE = "rare"
    EPIC = "epic"
    LEGENDARY = "legendary"


class Timeframe(StrEnum):
    """Of a leaderboard. Weeks begin on Monday, in the institution's time zone."""

    ALL_TIME = "all_time"
    MONTHLY = "monthly"
    WEEKLY = "weekly"


class ChallengeMetric(StrEnum):
    """What a challenge counts, by the local days of facts."""

    XP = "xp"
    LESSONS = "lessons"  # completed
    DAYS = "days"  # on which somebody learned


class ChallengeMode(StrEnum):
    """Whose sum the target of a challenge is."""

    TOGETHER = "together"
    EACH = "each"


class Audience(StrEnum):
    """Learners that a challenge is for."""

    EVERYBODY = "everybody"
    COURSE = "course"
    TEAM = "team"


class AttemptState(StrEnum):
    """Of a row in `quiz_attempts`."""

    OPEN = "open"
    SUBMITTED = "submitted"  # graded; it never changes again


class ReviewState(StrEnum):
    SHOWN = "shown"
    HIDDEN = "hidden"  # by those who teach the course, with a reason


class PostState(StrEnum):
    """Of a post in a lesson's discussion."""

    WAITING = "waiting"  # for the approval of those who teach the course
    SHOWN = "shown"
    HIDDEN = "hidden"
    DELETED = "deleted"  # by its author: the text is gone


class PaymentKind(StrEnum):
    """Of a row in `payments`. From `changed` to `ended`: what happened to a recurring payment."""

    ONE_OFF = "one_off"
    RECURRING = "recurring"  # its beginning: amount, months, trial
    CHARGE = "charge"  # payment of one period of a recurring one
    REFUND = "refund"  # of a one-off payment or a charge
    CHANGED = "changed"  # another amount or other periods
    FREE = "free"  # free months from then on
    PAUSED = "paused"
    RESUMED = "resumed"
    PAST_DUE = "past_due"
    RECOVERED = "recovered"  # no longer past due
    CANCELLED = "cancelled"  # it ends with the period
    KEPT = "kept"  # no longer cancelled
    ENDED = "ended"  # at once
    VOID = "void"  # a row that was entered by mistake


class OutboxKind(StrEnum):
    MAIL = "mail"
    WEBHOOK = "webhook"


class OutboxState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"  # refused for good, or given up


class NoticeState(StrEnum):
    QUIET = "quiet"
    OPEN = "open"


ALL: tuple[type[StrEnum], ...] = (
    Role,
    PublicationStatus,
    EnrolmentMode,
    LessonKind,
    FileKind,
    VideoStatus,
    UploadState,
    RevisionState,
    OriginalState,
    JobKind,
    JobState,
    FactKind,
    EncodingKind,
    XpRule,
    LineReason,
    ChangeState,
    ChangeScope,
    Criterion,
    Rarity,
    Timeframe,
    ChallengeMetric,
    ChallengeMode,
    Audience,
    AttemptState,
    ReviewState,
    PostState,
    PaymentKind,
    OutboxKind,
    OutboxState,
    NoticeState,
    *privacy.ALL,
)
