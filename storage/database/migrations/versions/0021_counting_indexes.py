"""Indexes that facts, learners and enrolments are counted from without their rows"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

FACTS = ["kind", "local_day", "course_id"]
LIVE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.drop_index("ix_learning_events_kind_day", "learning_events")
    op.create_index("ix_learning_events_kind_day", "learning_events", FACTS)
    op.create_index("ix_users_role", "users", ["role", "created_day", "disabled_at"])
    op.create_index(
        "ix_enrolments_live",
        "enrolments",
        ["course_id", "ended_at"],
        postgresql_where=LIVE,
        sqlite_where=LIVE,
    )


def downgrade() -> None:
    op.drop_index("ix_enrolments_live", "enrolments")
    op.drop_index("ix_users_role", "users")
    op.drop_index("ix_learning_events_kind_day", "learning_events")
    op.create_index("ix_learning_events_kind_day", "learning_events", FACTS[:2])
