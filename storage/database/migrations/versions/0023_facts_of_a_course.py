"""Index of a course's facts that its figures are counted from without their rows"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLE = "learning_events"


def upgrade() -> None:
    op.create_index("ix_learning_events_course", TABLE, ["course_id", "kind", "user_id", "local_day"])
    op.drop_index("ix_learning_events_course_id", TABLE)


def downgrade() -> None:
    op.create_index("ix_learning_events_course_id", TABLE, ["course_id"])
    op.drop_index("ix_learning_events_course", TABLE)
