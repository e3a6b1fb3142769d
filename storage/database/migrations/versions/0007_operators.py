"""operator settings, removal of originals"""

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "operator_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("originals_days", sa.Integer(), nullable=True),
        sa.Column("maintenance_since", UtcDateTime(), nullable=True),
        sa.Column("maintenance_until", UtcDateTime(), nullable=True),
        sa.Column("maintenance_message", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_settings")),
    )
    op.create_table(
        "original_removals",
        sa.Column("video_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("marked_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('marked', 'kept', 'removed')", name=op.f("ck_original_removals_state")),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name=op.f("fk_original_removals_video_id_videos"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", name=op.f("pk_original_removals")),
    )


def downgrade() -> None:
    op.drop_table("original_removals")
    op.drop_table("operator_settings")
