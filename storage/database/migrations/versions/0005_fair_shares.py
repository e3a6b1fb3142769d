"""fair shares: who submitted a video, and the cost of each job"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("videos", sa.Column("submitted_by", sa.String()))
    op.add_column("jobs", sa.Column("cost", sa.Double(), nullable=False, server_default="0"))
    op.create_index("ix_jobs_finished", "jobs", ["finished_at"])
    # Of the plans made before: a minute of the full ladder for each chunk.
    op.execute("UPDATE jobs SET cost = 60 WHERE kind = 'chunk'")


def downgrade() -> None:
    op.drop_index("ix_jobs_finished", "jobs")
    op.drop_column("jobs", "cost")
    op.drop_column("videos", "submitted_by")
