"""Weekly groups of leaderboards, and the institution's switch of the boards"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "board_group_members",
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("period", "user_id", name=op.f("pk_board_group_members")),
    )
    group = ["period", "band", "number"]
    op.create_index("ix_board_group_members_group", "board_group_members", group)
    op.create_table(
        "game_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("boards_on", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_game_settings")),
    )


def downgrade() -> None:
    op.drop_table("game_settings")
    op.drop_table("board_group_members")
