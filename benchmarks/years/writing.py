"""Writing of two generated years into a migrated SQLite database: staged as numbers, then made rows by SQL.

Sessions and facts are written in the order of time, as they would come: rows of one person lie far apart.
What the product derives itself is left out (days of watching, of accounts and of encodings, daily rows).
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.years import paying
from benchmarks.years.people import (
    LESSON_SECONDS,
    LESSONS,
    QUIZ,
    SPANS,
    Done,
    Paid,
    Person,
    Session,
    begin_of,
    two_years,
)
from server.analytics.definitions.people import ACTIVE_KINDS
from storage.states import FactKind

CACHE_KB = 400_000
LOT = 100_000  # staged rows of one statement
TEACHERS_OF = 4  # courses of an instructor
TEAMS, TEAM_PEOPLE = 20, 1000
JUMP = 150  # tenths of a second between two spans
STAGED = {
    Person: ("people", "number INTEGER PRIMARY KEY, joined INTEGER"),
    Session: (
        "sessions",
        "at INTEGER, person INTEGER, course INTEGER, lesson INTEGER, seconds INTEGER, draw INTEGER",
    ),
    Done: ("facts", "at INTEGER, person INTEGER, course INTEGER, lesson INTEGER, kind TEXT, number INTEGER"),
}
INDEXED = ("video_analytics", "learning_events", "activity_days", "watch_coverage", "users", "payments")


def at(column: str) -> str:
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', {column}, 'unixepoch')"


def day(column: str) -> str:
    return f"date({column}, 'unixepoch')"


def user(column: str = "person") -> str:
    return f"printf('0197%028x', {column})"


def course(column: str = "course") -> str:
    return f"printf('0198%028x', {column})"


def lesson() -> str:
    return "printf('0199%026x%02x', course, lesson)"


def teacher(column: str) -> str:
    return f"printf('019a%028x', {column})"


def fill(database_file: Path, people: int, courses: int, end: datetime) -> None:
    """Without a journal, and without the plain indexes, which are made at the end. Nobody else has the
    database open."""
    scratch = database_file.with_name("staged.db")
    with contextlib.closing(sqlite3.connect(database_file)) as connection:
        connection.execute(f"ATTACH '{scratch}' AS staged")
        for schema in ("main", "staged"):
            for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KB}"):
                connection.execute(f"PRAGMA {schema}.{pragma}")
        connection.execute("PRAGMA threads = 2")
        indexes = _indexes(connection)
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        _stage(connection, people, courses, end)
        for statement in [*_statements(people, courses, begin_of(end)), *(made for _, made in indexes)]:
            connection.execute(statement)
            connection.commit()
    scratch.unlink()


def _indexes(connection: sqlite3.Connection) -> Sequence[tuple[str, str]]:
    marks = ", ".join("?" * len(INDEXED))
    wanted = "SELECT name, sql FROM main.sqlite_master WHERE type = 'index' AND sql > '' AND tbl_name IN "
    return connection.execute(f"{wanted} ({marks})", INDEXED).fetchall()


def _stage(connection: sqlite3.Connection, people: int, courses: int, end: datetime) -> None:
    for name, columns in STAGED.values():
        connection.execute(f"CREATE TABLE staged.{name} ({columns})")
    lots: dict[type, list[tuple[Any, ...]]] = {kind: [] for kind in (*STAGED, Paid)}
    for one in two_years(people, courses, end):
        lot = lots[type(one)]
        lot.append(one)
        if len(lot) == LOT:
            _write(connection, type(one), lot, end)
    for kind, lot in lots.items():
        _write(connection, kind, lot, end)
    connection.commit()


def _write(connection: sqlite3.Connection, kind: type, lot: list[Any], end: datetime) -> None:
    if kind is Paid:
        rows = [row for paid in lot for row in paying.rows(paid, end)]
        names = f"({', '.join(paying.COLUMNS)})"
        connection.executemany(
            f"INSERT INTO payments {names} VALUES ({', '.join('?' * len(paying.COLUMNS))})", rows
        )
    elif lot:
        marks = ", ".join("?" * len(lot[0]))
        connection.executemany(f"INSERT INTO staged.{STAGED[kind][0]} VALUES ({marks})", lot)
    lot.clear()


def _statements(people: int, courses: int, begin: int) -> Iterator[str]:
    yield from _catalogue(courses, at(str(begin)))
    yield from _people(people, at(str(begin)))
    yield _sessions()
    yield _coverage()
    yield _facts()
    active = ", ".join(f"'{kind}'" for kind in ACTIVE_KINDS)
    yield f"""INSERT INTO activity_days (user_id, day, first_at, settled)
        SELECT {user()}, {day("at")}, {at("min(at)")}, 1 FROM (SELECT person, at FROM staged.sessions
        UNION ALL SELECT person, at FROM staged.facts WHERE kind IN ({active}))
        GROUP BY person, at / 86400 ORDER BY min(at)"""


def _numbers(count: int) -> str:
    more = f"SELECT i + 1 FROM n WHERE i < {count - 1}"
    return f"(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL {more}) SELECT i FROM n)"


def _catalogue(courses: int, begun: str) -> Iterator[str]:
    teachers = -(-courses // TEACHERS_OF)
    yield f"""INSERT INTO users (id, email, name, search_key, role, created_at)
        SELECT {teacher("i")}, 'teacher' || i || '@example.edu', 'Teacher ' || i, 'teacher ' || i,
        'instructor', {begun} FROM {_numbers(teachers)}"""
    yield f"""INSERT INTO courses (id, title, search_key, description, status, completion_threshold,
        approve_posts, created_at, updated_at, version) SELECT {course("i")}, 'Course ' || i, 'course ' || i,
        '', 'published', 90, 0, {begun}, {begun}, 1 FROM {_numbers(courses)}"""
    yield f"""INSERT INTO course_instructors (course_id, user_id) SELECT {course("i")},
        {teacher(f"i % {teachers}")} FROM {_numbers(courses)}"""
    lessons = f"(SELECT c.i AS course, l.i AS lesson FROM {_numbers(courses)} c, {_numbers(QUIZ + 1)} l)"
    yield f"""INSERT INTO lessons (id, course_id, title, description, position, kind, status, created_at,
        updated_at, version, transcoding_progress, video_id, video_status, video_duration_seconds)
        SELECT {lesson()}, {course()}, 'Part ' || lesson, '', lesson, iif(lesson = {QUIZ}, 'quiz', 'video'),
        'published', {begun}, {begun}, 1, 0, iif(lesson = {QUIZ}, NULL, {lesson()}),
        iif(lesson = {QUIZ}, NULL, 'ready'), iif(lesson = {QUIZ}, NULL, {LESSON_SECONDS}.0) FROM {lessons}"""
    yield f"""INSERT INTO videos (id, lesson_id, source_key, filename, source_bytes, state, plan, created_at,
        finished_at) SELECT {lesson()}, {lesson()}, {lesson()}, '', 500000000, 'ready',
        '{{"duration":{LESSON_SECONDS}.0}}', {begun}, {begun} FROM {lessons} WHERE lesson < {LESSONS}"""


def _people(people: int, begun: str) -> Iterator[str]:
    yield f"""INSERT INTO users (id, email, name, search_key, role, created_at)
        SELECT {user("number")}, 'person' || number || '@example.edu', 'Person ' || number,
        'person ' || number, 'learner', {at("joined")} FROM staged.people"""
    yield f"""INSERT INTO enrolments (course_id, user_id, created_at) SELECT {course()}, {user()}, {at("at")}
        FROM staged.facts WHERE kind = '{FactKind.ENROLLED}'"""
    yield f"""INSERT INTO reviews (course_id, user_id, stars, text, created_at, updated_at, state, reason)
        SELECT {course()}, {user()}, number, '', {at("at")}, {at("at")}, 'shown', '' FROM staged.facts
        WHERE kind = '{FactKind.REVIEW_POSTED}'"""
    yield f"""INSERT INTO teams (id, name, created_at, updated_at, version) SELECT printf('019b%028x', i),
        'Team ' || i, {begun}, {begun}, 1 FROM {_numbers(TEAMS)}"""
    members = min(TEAM_PEOPLE, people // TEAMS)
    yield f"""INSERT INTO team_members (team_id, user_id, added_at) SELECT printf('019b%028x', t.i),
        {user(f"p.i * {TEAMS} + t.i")}, {begun} FROM {_numbers(TEAMS)} t, {_numbers(members)} p"""


def _sessions() -> str:
    """Each with its SPANS, one after the other."""
    part, start = f"(seconds * {10 // SPANS})", "(draw % 6000)"
    begins = [f"({start} + {n} * ({part} + {JUMP}))" for n in range(SPANS)]
    spans = [f"'[' || {begin} || ',' || ({begin} + {part}) || ']'" for begin in begins]
    together = " || ',' || ".join(spans)
    return f"""INSERT INTO video_analytics (id, user_id, lesson_id, started_at, last_at, heartbeats, spans,
        position, watch_seconds, completion_percentage, playback_speed, quality_selected, device_type, staff)
        SELECT printf('%016x%016x', draw, rowid), {user()}, {lesson()}, {at("at - seconds - 30")}, {at("at")},
        '[[0,' || (seconds / 10 + 1) || ']]', '[' || {together} || ']', seconds, seconds + 0.5,
        min(100, seconds * 100 / {LESSON_SECONDS}), 1.0, '720p', 'desktop', 0
        FROM staged.sessions ORDER BY at"""


def _coverage() -> str:
    covered = f"min({LESSON_SECONDS * 10}, sum(seconds) * 10)"
    return f"""INSERT INTO watch_coverage (user_id, lesson_id, spans, covered, position, first_at, last_at,
        views, viewed_at, staff) SELECT {user()}, {lesson()}, '[[0,' || {covered} || ']]', {covered}, 0.0,
        {at("min(at)")}, {at("max(at)")}, count(*), {at("max(at)")}, 0 FROM staged.sessions
        GROUP BY person, course, lesson ORDER BY min(at)"""


def _facts() -> str:
    of_lesson = ", ".join(f"'{one}'" for one in (FactKind.LESSON_STARTED, FactKind.LESSON_COMPLETED))
    submitted = "printf('019c%08x%020x', number, rowid)"
    return f"""INSERT INTO learning_events (id, at, local_day, kind, user_id, course_id, lesson_id, subject)
        SELECT printf('019d%08x%020x', at, rowid), {at("at")}, {day("at")}, kind, {user()}, {course()},
        iif(lesson IS NULL, NULL, {lesson()}), CASE WHEN kind IN ({of_lesson}) THEN {lesson()}
        WHEN kind = '{FactKind.QUIZ_SUBMITTED}' THEN {submitted}
        WHEN kind = '{FactKind.QUIZ_PASSED}' THEN {lesson()} ELSE {course()} END
        FROM staged.facts ORDER BY at"""
