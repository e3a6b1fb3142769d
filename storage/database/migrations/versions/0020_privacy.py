"""Privacy: audit log, erasures under way, pseudonyms, retention a kind of data"""

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ACTIONS = (
    *("person_added", "person_changed", "role_changed", "person_disabled", "person_enabled"),
    *("password_set", "password_link", "token_made", "people_imported", "person_exported"),
    *("erasure_begun", "person_erased", "course_deleted", "lesson_deleted", "certificate_revoked"),
    *("rules_changed", "calendar_changed", "achievement_changed", "boards_switched", "team_changed"),
    *("challenge_changed", "payment_entered", "payment_voided", "payment_cancelled", "payments_imported"),
    *("maintenance_on", "maintenance_off", "institution_changed", "logo_changed", "originals_limited"),
    *("task_run", "figures_computed", "worker_drained", "exported"),
    *("retention_changed", "retention_applied"),
)
SUBJECTS = (
    *("person", "course", "lesson", "certificate", "rules", "achievement", "team", "challenge", "payment"),
    *("worker", "task", "installation"),
)
KINDS = ("sessions", "facts", "audit", "tokens")


def upgrade() -> None:
    op.add_column("users", sa.Column("erased_at", UtcDateTime()))
    op.create_table(
        "audit_log",
        *_texts("id", "actor_name", "action", "subject_kind", "label"),
        sa.Column("at", UtcDateTime(), nullable=False),
        *(sa.Column(name, sa.String()) for name in ("actor_id", "subject_id")),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.CheckConstraint(_one_of("action", ACTIONS), name=op.f("ck_audit_log_action")),
        sa.CheckConstraint(_one_of("subject_kind", SUBJECTS), name=op.f("ck_audit_log_subject_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at", "id"])
    op.create_index("ix_audit_log_actor_id", "audit_log", ["actor_id", "at"])
    op.create_index("ix_audit_log_action", "audit_log", ["action", "at"])
    op.create_index("ix_audit_log_subject_id", "audit_log", ["subject_id"])
    op.create_table(
        "erasures",
        *_texts("user_id", "pseudonym"),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_erasures_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_erasures_pseudonym")),
    )
    op.create_table(
        "retention_limits",
        *_texts("kind"),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(_one_of("kind", KINDS), name=op.f("ck_retention_limits_kind")),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_retention_limits")),
    )


def downgrade() -> None:
    for table in ("retention_limits", "erasures", "audit_log"):
        op.drop_table(table)
    op.drop_column("users", "erased_at")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(map(repr, values))})"
