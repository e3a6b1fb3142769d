"""Analytics: daily rows, local days of watching and encoding, milestones of enrolments as facts"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

EARLIER_KINDS = (
    *("enrolled", "left", "lesson_started", "lesson_completed", "quiz_passed", "quiz_perfect"),
    *("course_completed", "review_posted", "post_created", "post_deleted"),
    *("certificate_issued", "certificate_revoked", "achievement_unlocked", "payment"),
)
NEW_KINDS = ("quiz_submitted", "course_started", "course_halfway")
KIND = "ck_learning_events_kind"
SUMS = (
    *("enrolments_new", "enrolments_left", "enrolments_started", "enrolments_halfway"),
    *("enrolments_completed", "lessons_completed", "watch_seconds", "quizzes_submitted", "quizzes_passed"),
    *("reviews_posted", "uploads", "encodes_succeeded", "encodes_failed", "encoded_seconds"),
)
LARGE = ("watch_seconds", "encoded_seconds")


def upgrade() -> None:
    _kinds((*EARLIER_KINDS, *NEW_KINDS))
    op.add_column("users", sa.Column("created_day", sa.String()))
    op.create_index(op.f("ix_users_created_day"), "users", ["created_day"])
    op.create_index("ix_video_analytics_started_at", "video_analytics", ["started_at"])
    op.drop_index("ix_activity_days_day", "activity_days")
    op.create_index("ix_activity_days_day", "activity_days", ["day", "user_id"])
    _labels()
    _days()
    _rollups()


def _kinds(kinds: tuple[str, ...]) -> None:
    """Check constraint of the kinds of facts. SQLite builds the table anew, without the old one."""
    condition = f"kind IN ({', '.join(map(repr, kinds))})"
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("learning_events", recreate="always") as batch:
            batch.create_check_constraint(op.f(KIND), condition)
    else:
        op.drop_constraint(op.f(KIND), "learning_events", type_="check")
        op.create_check_constraint(op.f(KIND), "learning_events", condition)


def _labels() -> None:
    op.create_table(
        "watch_days",
        *_texts("session_id", "day", "user_id", "course_id", "lesson_id"),
        _number("seconds"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_watch_days_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", "day", name=op.f("pk_watch_days")),
    )
    op.create_index("ix_watch_days_day", "watch_days", ["day", "course_id", "user_id", "seconds"])
    op.create_index("ix_watch_days_user_id", "watch_days", ["user_id"])
    op.create_table(
        "encoding_events",
        *_texts("video_id", "kind", "day", "course_id"),
        _number("seconds"),
        _number("bytes", large=True),
        sa.CheckConstraint("kind IN ('submitted', 'ready', 'failed')", name=op.f("ck_encoding_events_kind")),
        sa.PrimaryKeyConstraint("video_id", "kind", name=op.f("pk_encoding_events")),
    )
    op.create_index("ix_encoding_events_kind_day", "encoding_events", ["kind", "day"])


def _days() -> None:
    op.create_table(
        "analytics_days",
        *_texts("day"),
        *(_number(name) for name in ("generation", "claimed", "computed")),
        sa.Column("computed_at", UtcDateTime()),
        sa.Column("sealed_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_analytics_days")),
    )
    op.create_table(
        "analytics_checks",
        _number("id"),
        *(sa.Column(name, UtcDateTime(), nullable=False) for name in ("began_at", "ended_at")),
        *_texts("first_day", "last_day"),
        *(_number(name) for name in ("days", "skipped", "found")),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_checks")),
    )


def _rollups() -> None:
    op.create_table(
        "platform_analytics",
        *_texts("day"),
        *(_number(name) for name in ("people_new", "active_people", "active_week", "active_month")),
        sa.Column("storage_bytes", sa.BigInteger()),
        *_sums(),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_platform_analytics")),
    )
    op.create_table(
        "course_analytics",
        *_texts("course_id", "day"),
        _number("active_people"),
        sa.Column("taught_by", sa.JSON(), nullable=False),
        *_sums(),
        sa.PrimaryKeyConstraint("course_id", "day", name=op.f("pk_course_analytics")),
    )
    op.create_index("ix_course_analytics_day", "course_analytics", ["day"])
    op.create_table(
        "instructor_analytics",
        *_texts("user_id", "day"),
        *_sums(),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_instructor_analytics")),
    )
    op.create_index("ix_instructor_analytics_day", "instructor_analytics", ["day"])


def _texts(*names: str) -> list[Any]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _number(name: str, *, large: bool = False) -> Any:
    return sa.Column(name, sa.BigInteger() if large else sa.Integer(), nullable=False)


def _sums() -> list[Any]:
    return [_number(name, large=name in LARGE) for name in SUMS]


def downgrade() -> None:
    tables = ("instructor_analytics", "course_analytics", "platform_analytics", "analytics_checks")
    for table in (*tables, "analytics_days", "encoding_events", "watch_days"):
        op.drop_table(table)
    op.drop_index("ix_activity_days_day", "activity_days")
    op.create_index("ix_activity_days_day", "activity_days", ["day"])
    op.drop_index("ix_video_analytics_started_at", "video_analytics")
    op.drop_index(op.f("ix_users_created_day"), "users")
    op.drop_column("users", "created_day")
    facts = sa.table("learning_events", sa.column("kind"))
    op.execute(facts.delete().where(facts.c.kind.in_(NEW_KINDS)))
    _kinds(EARLIER_KINDS)
