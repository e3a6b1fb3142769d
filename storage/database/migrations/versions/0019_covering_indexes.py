"""Indexes by person from which facts and ledger are read without their rows"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

FACTS = ["user_id", "local_day", "kind", "subject", "at", "course_id", "lesson_id"]
LINES = ["user_id", "id", "amount", "local_day", "at", "rule", "subject", "reason"]


def upgrade() -> None:
    op.drop_index("ix_learning_events_user_day", "learning_events")
    op.create_index("ix_learning_events_user_day", "learning_events", FACTS)
    op.drop_index("ix_xp_transactions_user_id", "xp_transactions")
    op.create_index("ix_xp_transactions_user_id", "xp_transactions", LINES)


def downgrade() -> None:
    op.drop_index("ix_xp_transactions_user_id", "xp_transactions")
    op.create_index("ix_xp_transactions_user_id", "xp_transactions", LINES[:5])
    op.drop_index("ix_learning_events_user_day", "learning_events")
    op.create_index("ix_learning_events_user_day", "learning_events", FACTS[:2])
