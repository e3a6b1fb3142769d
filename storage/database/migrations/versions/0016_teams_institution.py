"""Teams and challenges; language, accent and logo of the institution"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_xp_transactions_local_day", "xp_transactions", ["local_day", "user_id"])
    op.create_index("ix_activity_days_day", "activity_days", ["day"])
    op.create_index("ix_learning_events_kind_day", "learning_events", ["kind", "local_day"])
    _institution()
    _teams()
    _challenges()


def _institution() -> None:
    texts = (("language", "en"), ("accent", ""), ("accent_dark", ""))
    for name, value in texts:
        op.add_column("institution", sa.Column(name, sa.String(), nullable=False, server_default=value))
    op.add_column("institution", sa.Column("logo", sa.String()))
    op.add_column("institution", sa.Column("logo_type", sa.String()))
    op.add_column("institution", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("institution", sa.Column("updated_at", UtcDateTime()))


def _teams() -> None:
    op.create_table(
        "teams",
        *_texts("id", "name"),
        sa.Column("course_id", sa.String()),
        sa.Column("created_by", sa.String()),
        *_moments("created_at", "updated_at"),
        sa.Column("version", sa.Integer(), nullable=False),
        _of("courses", "course_id", "teams", ondelete="SET NULL"),
        _of("users", "created_by", "teams", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
    )
    op.create_index(op.f("ix_teams_course_id"), "teams", ["course_id"])
    op.create_table(
        "team_members",
        *_texts("team_id", "user_id"),
        *_moments("added_at"),
        _of("teams", "team_id", "team_members"),
        _of("users", "user_id", "team_members"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_team_members")),
    )
    op.create_index(op.f("ix_team_members_user_id"), "team_members", ["user_id"])


def _challenges() -> None:
    op.create_table(
        "challenges",
        *_texts("id", "title", "first_day", "last_day", "metric", "mode", "audience", "end_reason"),
        *_numbers("target", "version", "progress", "people"),
        *(sa.Column(name, sa.String()) for name in ("course_id", "team_id", "created_by")),
        *_moments("created_at", "updated_at"),
        *(sa.Column(name, UtcDateTime()) for name in ("ended_at", "counted_at", "settled_at")),
        _check("metric", ("xp", "lessons", "days")),
        _check("mode", ("together", "each")),
        _check("audience", ("everybody", "course", "team")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_challenges_days")),
        sa.CheckConstraint("target > 0", name=op.f("ck_challenges_target")),
        _of("courses", "course_id", "challenges", ondelete="SET NULL"),
        _of("teams", "team_id", "challenges", ondelete="SET NULL"),
        _of("users", "created_by", "challenges", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenges")),
    )
    op.create_index(op.f("ix_challenges_settled_at"), "challenges", ["settled_at"])
    op.create_table(
        "challenge_results",
        *_texts("challenge_id", "user_id"),
        *_numbers("progress"),
        _of("challenges", "challenge_id", "challenge_results"),
        sa.PrimaryKeyConstraint("challenge_id", "user_id", name=op.f("pk_challenge_results")),
    )
    op.create_index(op.f("ix_challenge_results_user_id"), "challenge_results", ["user_id"])


def _texts(*names: str) -> list[Any]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _numbers(*names: str) -> list[Any]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _moments(*names: str) -> list[Any]:
    return [sa.Column(name, UtcDateTime(), nullable=False) for name in names]


def _check(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(repr(value) for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_challenges_{column}"))


def _of(target: str, column: str, table: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    for table in ("challenge_results", "challenges", "team_members", "teams"):
        op.drop_table(table)
    for column in ("updated_at", "version", "logo_type", "logo", "accent_dark", "accent", "language"):
        op.drop_column("institution", column)
    op.drop_index("ix_learning_events_kind_day", "learning_events")
    op.drop_index("ix_activity_days_day", "activity_days")
    op.drop_index("ix_xp_transactions_local_day", "xp_transactions")
