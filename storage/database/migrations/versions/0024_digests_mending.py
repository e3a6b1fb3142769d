"""Hashes of a lecture's objects, and what is being made again of a damaged one"""

import sqlalchemy as sa
from alembic import op

from storage.database.base import MessageJson, UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

NEW = (
    ("digests", sa.JSON()),
    ("mending", sa.JSON()),
    ("mended_at", UtcDateTime()),
    ("damage", MessageJson()),
    ("damage_told_at", UtcDateTime()),
)


def upgrade() -> None:
    op.add_column("jobs", sa.Column("digests", sa.JSON()))
    for name, kind in NEW:
        op.add_column("videos", sa.Column(name, kind))


def downgrade() -> None:
    for name, _ in reversed(NEW):
        op.drop_column("videos", name)
    op.drop_column("jobs", "digests")
