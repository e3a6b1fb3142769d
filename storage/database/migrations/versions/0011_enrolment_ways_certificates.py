"""ways into a course, certificates"""

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "enrolment_ways",
        sa.Column("course_id", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("mode IN ('instructor', 'open', 'code')", name=op.f("ck_enrolment_ways_mode")),
        _of("courses", "course_id", "enrolment_ways", "CASCADE"),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_enrolment_ways")),
        sa.UniqueConstraint("code", name=op.f("uq_enrolment_ways_code")),
    )
    op.create_table(
        "certificate_settings",
        sa.Column("course_id", sa.String(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("hours", sa.Double(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        _of("courses", "course_id", "certificate_settings", "CASCADE"),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_certificate_settings")),
    )
    _certificates()


def _certificates() -> None:
    op.create_table(
        "certificates",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("course_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("search_key", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("course_title", sa.String(), nullable=False),
        sa.Column("course_version", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("hours", sa.Double(), nullable=True),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("lessons", sa.Integer(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("revocation_reason", sa.String(), nullable=True),
        _of("users", "user_id", "certificates", "CASCADE"),
        _of("users", "revoked_by", "certificates", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
        sa.UniqueConstraint("code", name=op.f("uq_certificates_code")),
        sa.UniqueConstraint("user_id", "course_id", name="uq_certificates_user_course"),
    )
    op.create_index(op.f("ix_certificates_course_id"), "certificates", ["course_id"])


def _of(target: str, column: str, table: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    for table in ("certificates", "certificate_settings", "enrolment_ways"):
        op.drop_table(table)
