"""States of the audit log and of retention. Pure."""

from enum import StrEnum


class AuditAction(StrEnum):
    """Of a row in `audit_log`."""

    PERSON_ADDED = "person_added"
    PERSON_CHANGED = "person_changed"  # another name
    ROLE_CHANGED = "role_changed"
    PERSON_DISABLED = "person_disabled"  # which signs out everywhere
    PERSON_ENABLED = "person_enabled"
    PASSWORD_SET = "password_set"  # noqa: S105 - by an administrator, which signs out everywhere
    PASSWORD_LINK = "password_link"  # noqa: S105 - made by an administrator
    TOKEN_MADE = "token_made"  # noqa: S105 - by a command, for somebody
    PEOPLE_IMPORTED = "people_imported"
    PERSON_EXPORTED = "person_exported"
    ERASURE_BEGUN = "erasure_begun"
    PERSON_ERASED = "person_erased"
    COURSE_DELETED = "course_deleted"
    LESSON_DELETED = "lesson_deleted"
    CERTIFICATE_REVOKED = "certificate_revoked"
    RULES_CHANGED = "rules_changed"
    CALENDAR_CHANGED = "calendar_changed"
    ACHIEVEMENT_CHANGED = "achievement_changed"
    BOARDS_SWITCHED = "boards_switched"
    TEAM_CHANGED = "team_changed"
    CHALLENGE_CHANGED = "challenge_changed"
    PAYMENT_ENTERED = "payment_entered"
    PAYMENT_VOIDED = "payment_voided"
    PAYMENT_CANCELLED = "payment_cancelled"
    PAYMENTS_IMPORTED = "payments_imported"
    MAINTENANCE_ON = "maintenance_on"
    MAINTENANCE_OFF = "maintenance_off"
    INSTITUTION_CHANGED = "institution_changed"
    LOGO_CHANGED = "logo_changed"
    ORIGINALS_LIMITED = "originals_limited"
    TASK_RUN = "task_run"
    FIGURES_COMPUTED = "figures_computed"
    WORKER_DRAINED = "worker_drained"
    EXPORTED = "exported"  # everything
    RETENTION_CHANGED = "retention_changed"
    RETENTION_APPLIED = "retention_applied"


class AuditSubject(StrEnum):
    """What an entry of the audit log is about."""

    PERSON = "person"
    COURSE = "course"
    LESSON = "lesson"
    CERTIFICATE = "certificate"
    RULES = "rules"
    ACHIEVEMENT = "achievement"
    TEAM = "team"
    CHALLENGE = "challenge"
    PAYMENT = "payment"
    WORKER = "worker"
    TASK = "task"
    INSTALLATION = "installation"


class RetentionKind(StrEnum):
    """Kind of data that is kept for some months or for ever."""

    SESSIONS = "sessions"  # of the player, and their seconds a day
    FACTS = "facts"  # that neither XP nor completions nor certificates need
    AUDIT = "audit"
    TOKENS = "tokens"  # revoked ones


ALL: tuple[type[StrEnum], ...] = (AuditAction, AuditSubject, RetentionKind)
