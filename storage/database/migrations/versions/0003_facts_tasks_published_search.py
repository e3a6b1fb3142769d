"""facts, scheduled tasks, published videos, hosts, ended enrolments, kinds, search, versions, messages"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime
from storage.database.search import search_key

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FACT_KINDS = (
    *("enrolled", "left", "lesson_started", "lesson_completed", "quiz_passed", "quiz_perfect"),
    *("course_completed", "review_posted", "post_created", "post_deleted"),
    *("certificate_issued", "certificate_revoked", "achievement_unlocked", "payment"),
)


def upgrade() -> None:
    _learning_events()
    _scheduled_tasks()
    op.add_column("enrolments", sa.Column("ended_at", UtcDateTime()))
    op.add_column("uploads", sa.Column("host", sa.String()))
    op.add_column("uploads", sa.Column("received", sa.BigInteger(), nullable=False, server_default="0"))
    _hosts()
    # In SQL, since Alembic would build the whole table anew on SQLite for the sake of the check.
    op.execute(
        "ALTER TABLE lessons ADD COLUMN kind VARCHAR DEFAULT 'video' NOT NULL"
        " CONSTRAINT ck_lessons_kind CHECK (kind IN ('video', 'text', 'quiz'))"
    )
    for table in ("courses", "lessons"):
        op.add_column(table, sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    for table in ("users", "courses"):
        op.add_column(table, sa.Column("search_key", sa.String(), nullable=False, server_default=""))
    _fill("users", ("name", "email"), lambda row: {"search_key": search_key(row["name"], row["email"])})
    _fill("courses", ("title",), lambda row: {"search_key": search_key(row["title"])})
    for table in ("videos", "jobs"):
        _error_as_message(table)
    op.add_column("videos", sa.Column("published", sa.JSON()))
    _published()


def _learning_events() -> None:
    op.create_table(
        "learning_events",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("local_day", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String()),
        sa.Column("course_id", sa.String()),
        sa.Column("lesson_id", sa.String()),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("data", sa.JSON()),
        sa.CheckConstraint(
            f"kind IN ({', '.join(map(repr, FACT_KINDS))})",
            name=op.f("ck_learning_events_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_learning_events_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["users.id"], name=op.f("fk_learning_events_actor_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_events")),
        sa.UniqueConstraint("kind", "user_id", "subject", name=op.f("uq_learning_events_kind_user_subject")),
    )
    op.create_index(op.f("ix_learning_events_at"), "learning_events", ["at"])
    op.create_index(op.f("ix_learning_events_course_id"), "learning_events", ["course_id"])
    op.create_index("ix_learning_events_user_day", "learning_events", ["user_id", "local_day"])


def _scheduled_tasks() -> None:
    op.create_table(
        "scheduled_tasks",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("last_started", UtcDateTime()),
        sa.Column("last_ended", UtcDateTime()),
        sa.Column("last_result", sa.JSON()),
        sa.Column("last_error", sa.String()),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_scheduled_tasks")),
    )


def _hosts() -> None:
    op.create_table(
        "hosts",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String()),
        sa.Column("silent_looks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_hosts")),
    )


def _fill(table: str, reads: tuple[str, ...], values: Callable[[Any], dict[str, Any]]) -> None:
    """Set columns of every row from others of the same row."""
    rows = sa.table(table, *map(sa.column, ("id", *reads, "search_key")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(rows.c.id, *(rows.c[name] for name in reads))).mappings().all():
        connection.execute(rows.update().where(rows.c.id == row["id"]).values(values(row)))


def _error_as_message(table: str) -> None:
    """`error` was an English sentence with its figures in it: a message without values."""
    op.execute(f"ALTER TABLE {table} RENAME COLUMN error TO error_sentence")
    op.add_column(table, sa.Column("error", sa.JSON()))
    rows = sa.table(table, sa.column("id"), sa.column("error_sentence"), sa.column("error", sa.JSON()))
    connection = op.get_bind()
    told = sa.select(rows.c.id, rows.c.error_sentence).where(rows.c.error_sentence.is_not(None))
    for row in connection.execute(told).all():
        message = {"type": "Message", "key": row.error_sentence, "values": {}}
        connection.execute(rows.update().where(rows.c.id == row.id).values(error=message))
    op.drop_column(table, "error_sentence")


def _published() -> None:
    """What playlists of a ready video need, out of the results of its jobs."""
    videos = sa.table(
        "videos", sa.column("id"), sa.column("state"), sa.column("published", sa.JSON(none_as_null=True))
    )
    jobs = sa.table(
        "jobs",
        *map(sa.column, ("video_id", "kind", "number", "state")),
        sa.column("result", sa.JSON()),
    )
    connection = op.get_bind()
    for video_id in connection.scalars(sa.select(videos.c.id).where(videos.c.state == "ready")).all():
        done = connection.execute(
            sa.select(jobs.c.kind, jobs.c.result)
            .where(jobs.c.video_id == video_id, jobs.c.state == "done", jobs.c.kind.in_(("chunk", "audio")))
            .order_by(jobs.c.number)
        ).all()
        published = {
            "chunks": [row.result for row in done if row.kind == "chunk"],
            "audio": next((row.result for row in done if row.kind == "audio"), None),
        }
        connection.execute(videos.update().where(videos.c.id == video_id).values(published=published))


def downgrade() -> None:
    op.drop_column("videos", "published")
    for table in ("videos", "jobs"):
        op.drop_column(table, "error")
        op.add_column(table, sa.Column("error", sa.String()))
    for table in ("users", "courses"):
        op.drop_column(table, "search_key")
    for table in ("courses", "lessons"):
        op.drop_column(table, "version")
    op.drop_column("lessons", "kind")
    op.drop_table("hosts")
    op.drop_column("uploads", "received")
    op.drop_column("uploads", "host")
    op.drop_column("enrolments", "ended_at")
    op.drop_table("scheduled_tasks")
    op.drop_table("learning_events")
