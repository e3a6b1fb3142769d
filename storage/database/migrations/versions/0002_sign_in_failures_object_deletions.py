"""sign-in failures, object deletions"""

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(op.f("ix_sign_in_failures_account"), "sign_in_failures", ["account"])
    op.create_index(op.f("ix_sign_in_failures_address"), "sign_in_failures", ["address"])
    op.create_index(op.f("ix_sign_in_failures_at"), "sign_in_failures", ["at"])
    op.create_table(
        "object_deletions",
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_object_deletions")),
    )
    op.create_index(op.f("ix_object_deletions_due_at"), "object_deletions", ["due_at"])


def downgrade() -> None:
    op.drop_table("object_deletions")
    op.drop_table("sign_in_failures")
