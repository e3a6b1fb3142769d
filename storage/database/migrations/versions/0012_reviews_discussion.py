"""reviews of courses; discussion of lessons, and what of it each person has seen"""

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "courses", sa.Column("approve_posts", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    _reviews()
    _posts()
    op.create_table(
        "discussion_seen",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("lesson_id", sa.String(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        _of("users", "user_id", "discussion_seen"),
        _of("lessons", "lesson_id", "discussion_seen"),
        sa.PrimaryKeyConstraint("user_id", "lesson_id", name=op.f("pk_discussion_seen")),
    )
    op.create_index(op.f("ix_discussion_seen_lesson_id"), "discussion_seen", ["lesson_id"])


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("course_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("stars", sa.Integer()),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("moderated_by", sa.String()),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_reviews_stars")),
        sa.CheckConstraint("state IN ('shown', 'hidden')", name=op.f("ck_reviews_state")),
        _of("courses", "course_id", "reviews"),
        _of("users", "user_id", "reviews"),
        _of("users", "moderated_by", "reviews", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("course_id", "user_id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_user_id"), "reviews", ["user_id"])
    op.create_index("ix_reviews_course_id_created_at", "reviews", ["course_id", "created_at"])


def _posts() -> None:
    op.create_table(
        "posts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("lesson_id", sa.String(), nullable=False),
        sa.Column("thread_id", sa.String()),
        sa.Column("user_id", sa.String()),
        sa.Column("staff", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("edited_at", UtcDateTime()),
        sa.Column("shown_at", UtcDateTime()),
        sa.Column("active_at", UtcDateTime(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("moderated_by", sa.String()),
        sa.CheckConstraint("state IN ('waiting', 'shown', 'hidden', 'deleted')", name=op.f("ck_posts_state")),
        _of("lessons", "lesson_id", "posts"),
        _of("posts", "thread_id", "posts"),
        _of("users", "user_id", "posts", ondelete="SET NULL"),
        _of("users", "moderated_by", "posts", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
    )
    op.create_index(op.f("ix_posts_thread_id"), "posts", ["thread_id"])
    op.create_index("ix_posts_lesson_id_active_at", "posts", ["lesson_id", "active_at"])
    op.create_index("ix_posts_user_id_created_at", "posts", ["user_id", "created_at"])
    op.create_index("ix_posts_lesson_id_state", "posts", ["lesson_id", "state", "created_at", "id"])


def _of(target: str, column: str, table: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    op.drop_table("discussion_seen")
    op.drop_table("posts")
    op.drop_table("reviews")
    op.drop_column("courses", "approve_posts")
