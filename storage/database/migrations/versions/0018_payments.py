"""Payments: one-off and recurring ones, charges, refunds"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KINDS = (
    *("one_off", "recurring", "charge", "refund", "changed", "free", "paused", "resumed"),
    *("past_due", "recovered", "cancelled", "kept", "ended", "void"),
)
INDEXES: dict[str, tuple[str, ...]] = {
    "at": ("at", "id"),
    "local_day": ("local_day", "currency"),
    "kind": ("kind", "at", "id"),
    "currency": ("currency", "at", "id"),
    "refers_to": ("refers_to",),
    "email": ("email",),
    "user_id": ("user_id",),
    "course_id": ("course_id",),
}


def upgrade() -> None:
    texts = ("id", "kind", "source", "external_id", "local_day", "currency", "email", "zone", "note")
    listed = ", ".join(repr(kind) for kind in KINDS)
    op.create_table(
        "payments",
        *(sa.Column(name, sa.String(), nullable=False) for name in (*texts, "search_key")),
        *(sa.Column(name, UtcDateTime(), nullable=False) for name in ("at", "created_at")),
        *(sa.Column(name, UtcDateTime()) for name in ("trial_end", "until")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("amount", "revenue")),
        *(sa.Column(name, sa.Integer()) for name in ("months", "free_months")),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.String()) for name in ("refers_to", "user_id", "course_id", "created_by")),
        sa.CheckConstraint(f"kind IN ({listed})", name=op.f("ck_payments_kind")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_payments_amount")),
        _of("payments", "refers_to"),
        _of("users", "user_id", ondelete="SET NULL"),
        _of("courses", "course_id", ondelete="SET NULL"),
        _of("users", "created_by", ondelete="SET NULL"),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_payments_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    for name, columns in INDEXES.items():
        op.create_index(f"ix_payments_{name}", "payments", list(columns))


def _of(target: str, column: str, **options: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_payments_{column}_{target}"), **options
    )


def downgrade() -> None:
    op.drop_table("payments")
