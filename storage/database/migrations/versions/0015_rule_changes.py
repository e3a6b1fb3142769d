"""Changes of rules with a dry run; achievements for those who reach them from a moment on"""

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATES = ("previewing", "previewed", "applying", "applied")
SCOPES = ("from_now", "from_beginning")


def upgrade() -> None:
    op.add_column("achievements", sa.Column("since", UtcDateTime(), nullable=True))
    op.add_column("achievements", sa.Column("earlier", sa.JSON(), nullable=False, server_default="[]"))
    _changes()
    _people()


def _changes() -> None:
    op.create_table(
        "rule_changes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("change", sa.JSON(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("scope", sa.String()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String()),
        sa.Column("applied_at", UtcDateTime()),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("previewed_at", UtcDateTime()),
        sa.Column("result", sa.JSON()),
        sa.CheckConstraint(_one_of("state", STATES), name=op.f("ck_rule_changes_state")),
        sa.CheckConstraint(_one_of("scope", SCOPES), name=op.f("ck_rule_changes_scope")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_rule_changes_created_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_changes")),
    )
    op.create_index("ix_rule_changes_state", "rule_changes", ["state", "id"])


def _people() -> None:
    numbers = ("xp_before", "xp_after", "size", "level_before", "level_after")
    op.create_table(
        "rule_change_people",
        sa.Column("change_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in numbers),
        sa.Column("streak_before", sa.Integer(), nullable=False),
        sa.Column("streak_after", sa.Integer(), nullable=False),
        sa.Column("unlocked", sa.JSON(), nullable=False),
        sa.Column("ranks", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Integer()) for name in ("board_before", "rank_before", "rank_after")),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["rule_changes.id"],
            name=op.f("fk_rule_change_people_change_id_rule_changes"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("change_id", "user_id", name=op.f("pk_rule_change_people")),
    )
    order = ["change_id", "size", "user_id"]
    op.create_index("ix_rule_change_people_order", "rule_change_people", order)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def downgrade() -> None:
    op.drop_table("rule_change_people")
    op.drop_table("rule_changes")
    op.drop_column("achievements", "earlier")
    op.drop_column("achievements", "since")
