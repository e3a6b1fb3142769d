"""Rows of the boards by person: one tree less to write, and a range of people is read in one go"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLE = "leaderboard_cache"
NEW = f"{TABLE}_new"
KEY = ["user_id", "timeframe", "period"]
KEY_BEFORE = ["timeframe", "period", "user_id"]
ORDER: list[Any] = ["timeframe", "period", sa.text("xp DESC"), "reached_at", "user_id"]


def upgrade() -> None:
    op.drop_index("ix_leaderboard_cache_user", TABLE)
    _change_key(KEY)


def downgrade() -> None:
    _change_key(KEY_BEFORE)
    op.create_index("ix_leaderboard_cache_user", TABLE, ["user_id"])


def _change_key(key: Sequence[str]) -> None:
    """In SQLite the key is the table: it is written anew, in its order."""
    if op.get_context().dialect.name != "sqlite":
        op.drop_constraint(op.f("pk_leaderboard_cache"), TABLE)
        op.create_primary_key(op.f("pk_leaderboard_cache"), TABLE, list(key))
        return
    new = op.create_table(
        NEW,
        *(sa.Column(name, sa.String(), nullable=False) for name in key),
        sa.Column("xp", sa.Integer(), nullable=False),
        sa.Column("reached_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "timeframe IN ('all_time', 'monthly', 'weekly')", name=op.f("ck_leaderboard_cache_timeframe")
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_leaderboard_cache")),
        sqlite_with_rowid=False,
    )
    names = [*key, "xp", "reached_at"]
    rows: Any = sa.select(*(sa.column(name) for name in names)).select_from(sa.table(TABLE))
    op.execute(new.insert().from_select(names, rows.order_by(*(sa.column(name) for name in key))))
    op.drop_table(TABLE)
    op.rename_table(NEW, TABLE)
    op.create_index("ix_leaderboard_cache_order", TABLE, ORDER)
