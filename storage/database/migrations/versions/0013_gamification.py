"""XP ledger and what is derived from it, achievements, leaderboards, calendar"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.database.base import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

RULES = (
    "lesson_completed",
    "quiz_passed",
    "quiz_perfect",
    "course_completed",
    "daily_streak",
    "achievement_unlocked",
    "first_review",
    "discussion_post",
    "freeze_earned",
    "freeze_used",
)
TIMEFRAMES = ("all_time", "monthly", "weekly")
CRITERIA = ("lessons", "courses", "quizzes", "perfect_quizzes", "posts", "streak", "level")
VALUES = (50, 100, 150, 500, 20, 200, 50, 30)  # of the rules that pay, spec section 2

ACHIEVEMENTS = (
    ("first_steps", "First Steps", "Complete a lesson.", "lessons", 1, "common"),
    ("learning_enthusiast", "Learning Enthusiast", "Complete 10 lessons.", "lessons", 10, "common"),
    ("knowledge_seeker", "Knowledge Seeker", "Complete 50 lessons.", "lessons", 50, "rare"),
    ("course_graduate", "Course Graduate", "Complete a course.", "courses", 1, "common"),
    ("multi_skilled", "Multi-Skilled", "Complete 5 courses.", "courses", 5, "rare"),
    ("master_learner", "Master Learner", "Complete 10 courses.", "courses", 10, "epic"),
    ("committed", "Committed", "Learn on 7 days in a row.", "streak", 7, "common"),
    ("dedicated", "Dedicated", "Learn on 30 days in a row.", "streak", 30, "rare"),
    ("unstoppable", "Unstoppable", "Learn on 100 days in a row.", "streak", 100, "legendary"),
    ("level_5", "Level 5", "Reach level 5.", "level", 5, "common"),
    ("level_10", "Level 10", "Reach level 10.", "level", 10, "epic"),
    ("level_25", "Level 25", "Reach level 25.", "level", 25, "legendary"),
)


def upgrade() -> None:
    op.add_column("watch_allowances", sa.Column("spare", sa.JSON(), nullable=True))
    op.add_column("activity_days", sa.Column("first_at", UtcDateTime(), nullable=True))
    op.add_column(
        "activity_days", sa.Column("settled", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    unsettled = sa.text("NOT settled")
    op.create_index(
        "ix_activity_days_unsettled",
        "activity_days",
        ["user_id"],
        postgresql_where=unsettled,
        sqlite_where=unsettled,
    )
    _rules()
    _ledger()
    _achievements()
    _boards()
    _calendar()


def _rules() -> None:
    rules = _create(
        "xp_rules",
        [*_texts("rule", "subject"), _number("version"), _number("amount")],
        sa.Column("valid_from", UtcDateTime()),
        sa.Column("created_at", UtcDateTime()),
        sa.Column("created_by", sa.String()),
        _check("xp_rules", "rule", RULES),
        _of("users", "created_by", "xp_rules", ondelete="SET NULL"),
        key=["rule", "subject", "version"],
    )
    new = {"subject": "", "version": 1}
    op.bulk_insert(
        rules,
        [{"rule": rule, "amount": amount, **new} for rule, amount in zip(RULES, VALUES, strict=False)],
    )


def _ledger() -> None:
    _create(
        "xp_transactions",
        [*_texts("id", "user_id", "rule", "subject", "reason", "local_day"), _number("amount")],
        _number("rule_version"),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("course_id", sa.String()),
        sa.Column("lesson_id", sa.String()),
        _check("xp_transactions", "rule", RULES),
        _check("xp_transactions", "reason", ("earned", "changed", "taken_back")),
        sa.UniqueConstraint("user_id", "rule", "subject", name="uq_xp_transactions_user_rule_subject"),
        key=["id"],
    )
    line = ["user_id", "id", "amount", "local_day", "at"]
    op.create_index("ix_xp_transactions_user_id", "xp_transactions", line)
    _create(
        "user_stats",
        _texts("user_id"),
        *(_number(name) for name in ("total_xp", "level", "lessons", "courses", "quizzes")),
        _number("longest_streak"),
        _number("celebrated_level"),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        key=["user_id"],
    )
    _create(
        "game_preferences",
        _texts("user_id"),
        sa.Column("name_hidden", sa.Boolean(), nullable=False),
        sa.Column("profile_public", sa.Boolean(), nullable=False),
        _of("users", "user_id", "game_preferences"),
        key=["user_id"],
    )


def _achievements() -> None:
    achievements = _create(
        "achievements",
        _texts("id", "name", "description", "criterion", "rarity"),
        _number("threshold"),
        _number("position"),
        sa.Column("created_at", UtcDateTime()),
        sa.Column("retired_at", UtcDateTime()),
        _check("achievements", "criterion", CRITERIA),
        _check("achievements", "rarity", ("common", "rare", "epic", "legendary")),
        key=["id"],
    )
    names = ("id", "name", "description", "criterion", "threshold", "rarity")
    rows = (dict(zip(names, row, strict=True)) for row in ACHIEVEMENTS)
    op.bulk_insert(achievements, [{**row, "position": place} for place, row in enumerate(rows)])
    _create(
        "user_achievements",
        _texts("user_id", "achievement_id"),
        sa.Column("unlocked_at", UtcDateTime(), nullable=False),
        sa.Column("celebrated_at", UtcDateTime()),
        _of("achievements", "achievement_id", "user_achievements"),
        key=["user_id", "achievement_id"],
    )
    op.create_index("ix_user_achievements_achievement", "user_achievements", ["achievement_id"])


def _boards() -> None:
    _create(
        "leaderboard_cache",
        [*_texts("timeframe", "period", "user_id"), _number("xp")],
        sa.Column("reached_at", UtcDateTime(), nullable=False),
        _check("leaderboard_cache", "timeframe", TIMEFRAMES),
        key=["timeframe", "period", "user_id"],
        sqlite_with_rowid=False,
    )
    order: list[Any] = ["timeframe", "period", sa.text("xp DESC"), "reached_at", "user_id"]
    op.create_index("ix_leaderboard_cache_order", "leaderboard_cache", order)
    op.create_index("ix_leaderboard_cache_user", "leaderboard_cache", ["user_id"])
    _create(
        "leaderboard_counts",
        [*_texts("timeframe", "period"), _number("xp"), _number("people")],
        _check("leaderboard_counts", "timeframe", TIMEFRAMES),
        key=["timeframe", "period", "xp"],
        sqlite_with_rowid=False,
    )


def _calendar() -> None:
    _create("calendar_days", _texts("day", "name", "source"), key=["day"])
    weeks = _create("calendar_weeks", _texts("valid_from", "weekdays"), key=["valid_from"])
    op.bulk_insert(weeks, [{"valid_from": "", "weekdays": "56"}])
    _create(
        "streak_breaks",
        _texts("id", "user_id", "first_day", "last_day"),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        _of("users", "user_id", "streak_breaks"),
        key=["id"],
    )
    op.create_index(op.f("ix_streak_breaks_user_id"), "streak_breaks", ["user_id"])


def _create(table: str, columns: list[Any], *more: Any, key: list[str], **options: Any) -> sa.Table:
    primary = sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}"))
    return op.create_table(table, *columns, *more, primary, **options)


def _texts(*names: str) -> list[Any]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _number(name: str) -> Any:
    return sa.Column(name, sa.Integer(), nullable=False)


def _check(table: str, column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(repr(value) for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def _of(target: str, column: str, table: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    for table in (
        "streak_breaks",
        "calendar_weeks",
        "calendar_days",
        "leaderboard_counts",
        "leaderboard_cache",
        "user_achievements",
        "achievements",
        "game_preferences",
        "user_stats",
        "xp_transactions",
        "xp_rules",
    ):
        op.drop_table(table)
    op.drop_index("ix_activity_days_unsettled", "activity_days")
    op.drop_column("activity_days", "settled")
    op.drop_column("activity_days", "first_at")
    op.drop_column("watch_allowances", "spare")
