"""Watched seconds of sessions that are gone, and of which days retention has deleted what"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

GONE = ("sessions_gone", "facts_gone")


def upgrade() -> None:
    op.add_column("watch_coverage", sa.Column("kept_seconds", sa.Integer, nullable=False, server_default="0"))
    for name in GONE:
        op.add_column(
            "analytics_days", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())
        )
    op.add_column("analytics_checks", sa.Column("left_out", sa.JSON(), nullable=False, server_default="[]"))
    # What an earlier version has deleted of sealed days is not noted: with a limit, take it as gone.
    for name in GONE:
        op.execute(
            sa.text(
                f"UPDATE analytics_days SET {name} = :yes WHERE sealed_at IS NOT NULL AND "  # noqa: S608
                "EXISTS (SELECT 1 FROM retention_limits WHERE kind = :kind)"
            ).bindparams(yes=True, kind=name.removesuffix("_gone"))
        )


def downgrade() -> None:
    op.drop_column("analytics_checks", "left_out")
    for name in GONE:
        op.drop_column("analytics_days", name)
    op.drop_column("watch_coverage", "kept_seconds")
