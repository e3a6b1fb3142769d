"""Questions of the dashboard as plain SQL over sessions and facts, without daily rows; the same in DuckDB."""

import csv
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import text

from server.core.clock import SystemClock
from storage.database.engine import Database

Told = Callable[[str, str, str], None]
ROUNDS = 3
EXPORTED = {  # columns that the questions need
    "video_analytics": ("user_id", "lesson_id", "last_at", "watch_seconds", "staff"),
    "learning_events": ("user_id", "course_id", "kind", "local_day", "subject"),
    "payments": ("currency", "local_day", "revenue"),
    "lessons": ("id", "course_id"),
}
ACTIVE = "('lesson_started', 'lesson_completed', 'quiz_submitted', 'post_created', 'review_posted')"
SESSIONS = """SELECT {day} AS day, user_id, lesson_id, watch_seconds AS seconds
    FROM video_analytics WHERE NOT staff"""
QUESTIONS = {
    "time watched by day": """SELECT day, sum(seconds) FROM ({sessions}) s
        WHERE day >= '{first}' GROUP BY day""",
    "facts by day and kind": """SELECT local_day, kind, count(*) FROM learning_events
        WHERE local_day >= '{first}' GROUP BY local_day, kind""",
    "active people by day": """SELECT day, count(DISTINCT user_id) FROM (
        SELECT day, user_id FROM ({sessions}) s WHERE day >= '{first}' UNION ALL
        SELECT local_day, user_id FROM learning_events WHERE kind IN {active} AND local_day >= '{first}'
        ) a GROUP BY day""",
    "top courses by enrolments, with time watched": """SELECT e.course_id, e.enrolled, w.seconds FROM (
        SELECT course_id, count(*) AS enrolled FROM learning_events
        WHERE kind = 'enrolled' AND local_day >= '{first}' GROUP BY course_id) e LEFT JOIN (
        SELECT l.course_id, sum(s.seconds) AS seconds FROM ({sessions}) s JOIN lessons l ON l.id = s.lesson_id
        WHERE s.day >= '{first}' GROUP BY l.course_id) w ON w.course_id = e.course_id
        ORDER BY e.enrolled DESC LIMIT 5""",
    "funnel": """SELECT count(*), count(s.subject), count(c.subject) FROM (
        SELECT DISTINCT user_id, course_id FROM learning_events
        WHERE kind = 'enrolled' AND local_day >= '{first}') e
        LEFT JOIN learning_events s ON s.kind = 'course_started' AND s.user_id = e.user_id
        AND s.subject = e.course_id LEFT JOIN learning_events c ON c.kind = 'course_completed'
        AND c.user_id = e.user_id AND c.subject = e.course_id""",
    "revenue by day": """SELECT local_day, currency, sum(revenue) FROM payments
        WHERE local_day >= '{first}' GROUP BY local_day, currency""",
}
SPANS = {"30 days": 30, "two years": 730}


def _asked(day: str, days: int) -> dict[str, str]:
    first = (SystemClock().now() - timedelta(days=days - 1)).date().isoformat()
    values = {"first": first, "active": ACTIVE, "sessions": SESSIONS.format(day=day)}
    return {name: question.format(**values) for name, question in QUESTIONS.items()}


async def of_tables(database: Database, tell: Told) -> None:
    """Over the product's tables as they are."""
    day = (
        "substr(last_at, 1, 10)"
        if database.is_sqlite
        else "to_char(last_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    )
    for span, days in SPANS.items():
        total = 0.0
        for name, question in _asked(day, days).items():
            taken = []
            for _ in range(ROUNDS):
                started = time.perf_counter()
                async with database.read() as session:
                    (await session.execute(text(question))).all()
                taken.append(time.perf_counter() - started)
            total += min(taken)
            tell(f"plain SQL over the raw tables, {span}: {name}", f"{1000 * min(taken):,.0f} ms", "")
        tell(f"plain SQL, {span}, all six", f"{1000 * total:,.0f} ms", "")


def of_export(folder: Path, tell: Told) -> None:
    """In DuckDB, over a copy of the tables' columns."""
    try:
        duckdb: Any = import_module("duckdb")
    except ModuleNotFoundError:
        tell("DuckDB: not measured, as it is not installed (`pip install duckdb`)", "", "")
        return
    with closing(duckdb.connect()) as engine:
        started = time.perf_counter()
        _export(folder, engine)
        tell(f"DuckDB {duckdb.__version__}: export and import", f"{time.perf_counter() - started:,.1f} s", "")
        for span, days in SPANS.items():
            total = 0.0
            for name, question in _asked("substr(last_at, 1, 10)", days).items():
                taken = []
                for _ in range(ROUNDS):
                    started = time.perf_counter()
                    engine.execute(question).fetchall()
                    taken.append(time.perf_counter() - started)
                total += min(taken)
                tell(f"DuckDB, {span}: {name}", f"{1000 * min(taken):,.0f} ms", "")
            tell(f"DuckDB, {span}, all six", f"{1000 * total:,.0f} ms", "")


def _export(folder: Path, engine: Any) -> None:
    file = folder / "export.csv"
    with closing(sqlite3.connect(folder / "skillstudio.db")) as connection:
        for table, columns in EXPORTED.items():
            with file.open("w", newline="") as opened:
                writer = csv.writer(opened)
                writer.writerow(columns)
                writer.writerows(connection.execute(f"SELECT {', '.join(columns)} FROM {table}"))
            numbers = {"watch_seconds": "DOUBLE", "staff": "BOOLEAN", "revenue": "BIGINT"}
            kinds = {name: numbers.get(name, "VARCHAR") for name in columns}
            read = f"read_csv('{file}', header = true, columns = {kinds})"
            engine.execute(f"CREATE TABLE {table} AS SELECT * FROM {read}")
    file.unlink()
