"""watching: allowances, coverage, sessions of the player, delivered segments, days of activity"""

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watch_allowances",
        _person(),
        sa.Column("balance", sa.Double(), nullable=False),
        sa.Column("as_of", UtcDateTime(), nullable=False),
        sa.Column("dropped", sa.Double(), nullable=False),
        _of_person("watch_allowances"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_watch_allowances")),
    )
    op.create_table(
        "watch_coverage",
        _person(),
        sa.Column("lesson_id", sa.String(), nullable=False),
        sa.Column("spans", sa.JSON()),
        sa.Column("covered", sa.Integer(), nullable=False),
        sa.Column("position", sa.Double(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("viewed_at", UtcDateTime()),
        sa.Column("staff", sa.Boolean(), nullable=False),
        _of_person("watch_coverage"),
        _of("lessons", "lesson_id", "watch_coverage"),
        sa.PrimaryKeyConstraint("user_id", "lesson_id", name=op.f("pk_watch_coverage")),
    )
    op.create_index("ix_watch_coverage_lesson", "watch_coverage", ["lesson_id"])
    _sessions()
    op.create_table(
        "segment_deliveries",
        sa.Column("video_id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        _of("videos", "video_id", "segment_deliveries"),
        sa.PrimaryKeyConstraint("video_id", "scope", name=op.f("pk_segment_deliveries")),
    )
    op.create_table(
        "activity_days",
        _person(),
        sa.Column("day", sa.String(), nullable=False),
        _of_person("activity_days"),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_activity_days")),
    )


def _sessions() -> None:
    op.create_table(
        "video_analytics",
        sa.Column("id", sa.String(), nullable=False),
        _person(),
        sa.Column("lesson_id", sa.String(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("heartbeats", sa.JSON()),
        sa.Column("spans", sa.JSON()),
        sa.Column("position", sa.Double(), nullable=False),
        sa.Column("watch_seconds", sa.Double(), nullable=False),
        sa.Column("completion_percentage", sa.Integer(), nullable=False),
        sa.Column("playback_speed", sa.Double(), nullable=False),
        sa.Column("quality_selected", sa.String()),
        sa.Column("device_type", sa.String()),
        sa.Column("staff", sa.Boolean(), nullable=False),
        _of_person("video_analytics"),
        _of("lessons", "lesson_id", "video_analytics"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_analytics")),
    )
    op.create_index("ix_video_analytics_lesson", "video_analytics", ["lesson_id", "started_at"])
    op.create_index(op.f("ix_video_analytics_user_id"), "video_analytics", ["user_id"])


def _person() -> sa.Column[str]:
    return sa.Column("user_id", sa.String(), nullable=False)


def _of_person(table: str) -> sa.ForeignKeyConstraint:
    return _of("users", "user_id", table)


def _of(target: str, column: str, table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    for table in (
        "activity_days",
        "segment_deliveries",
        "video_analytics",
        "watch_coverage",
        "watch_allowances",
    ):
        op.drop_table(table)
