"""Writing of the learners of benchmarks/learners.py: the database itself stamps the careers onto them.

A row of every learner at a time, so that each learner's rows lie far apart in the tables, as they would after
months. A million learners with 45 million facts and lines take some minutes.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg

from benchmarks.learners import NOW, careers, learners
from storage.database.engine import Database
from storage.states import Criterion, FactKind

CACHE_KB = 4_000_000  # of the generator alone
TABLES = ("learning_events", "xp_transactions", "activity_days", "user_achievements")
LABELLED = ("daily_streak", "freeze_earned", "freeze_used")  # rules whose subject is a day
STAGED = {
    "staged_learners": "number INTEGER PRIMARY KEY, id TEXT, career INTEGER, days INTEGER, minutes INTEGER, "
    "hidden INTEGER",
    "staged_facts": "career INTEGER, place INTEGER, kind TEXT, subject TEXT, at INTEGER, day INTEGER, "
    "PRIMARY KEY (career, place)",
    "staged_lines": "career INTEGER, place INTEGER, rule TEXT, subject TEXT, label INTEGER, amount INTEGER, "
    "reason TEXT, version INTEGER, at INTEGER, day INTEGER, PRIMARY KEY (career, place)",
    "staged_days": "career INTEGER, place INTEGER, day INTEGER, at INTEGER, PRIMARY KEY (career, place)",
    "staged_stats": "career INTEGER PRIMARY KEY, total_xp INTEGER, level INTEGER, lessons INTEGER, "
    "courses INTEGER, quizzes INTEGER, longest_streak INTEGER",
}


class Dialect(NamedTuple):
    """How a database writes a moment and a day's label from numbers, and a number as hexadecimal digits."""

    moment: str
    label: str
    digits: str
    now: str
    true: str
    false: str

    def at(self, column: str) -> str:
        return self.moment.format(f"{column} + l.days * 86400 + l.minutes * 60")

    def day(self, column: str) -> str:
        return self.label.format(f"{column} + l.days")

    def row_id(self, prefix: str) -> str:
        place, number = self.digits.format("s.place", 3), self.digits.format("l.number", 24)
        return f"'{prefix}' || {place} || {number}"


SQLITE = Dialect(
    moment="strftime('%Y-%m-%d %H:%M:%S.000000', {}, 'unixepoch')",
    label="date(({}) * 86400, 'unixepoch')",
    digits="printf('%0{1}x', {0})",
    now=f"'{NOW:%Y-%m-%d %H:%M:%S}.000000'",
    true="1",
    false="0",
)
POSTGRES = Dialect(
    moment="to_timestamp({})",
    label="to_char(date '1970-01-01' + ({})::integer, 'YYYY-MM-DD')",
    digits="lpad(to_hex({0}), {1}, '0')",
    now=f"timestamptz '{NOW.isoformat()}'",
    true="true",
    false="false",
)
Rows = tuple[str, list[tuple[Any, ...]]]  # table and rows


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _number(day: str) -> int:
    return (date.fromisoformat(day) - date(1970, 1, 1)).days


def staged(people: int) -> Iterator[Rows]:
    """Careers, and which learner has which."""
    facts, lines, days, stats = list[Any](), list[Any](), list[Any](), list[Any]()
    for number, career in enumerate(careers()):
        facts += [
            (number, place, str(fact.kind), fact.subject, _seconds(fact.at), _number(fact.day))
            for place, fact in enumerate(career.facts)
        ]
        for place, line in enumerate(career.lines):
            rule, subject = str(line["rule"]), line["subject"]
            labelled = rule in LABELLED
            told = str(_number(subject)) if labelled else subject
            values = (line["amount"], str(line["reason"]), line["rule_version"])
            when = (_seconds(line["at"]), _number(line["local_day"]))
            lines.append((number, place, rule, told, int(labelled), *values, *when))
        days += [(number, place, _number(day), _seconds(at)) for place, (day, at) in enumerate(career.days)]
        counted = (Criterion.LEVEL, Criterion.LESSONS, Criterion.COURSES, Criterion.QUIZZES)
        counts = [career.outcome.counts[criterion] for criterion in counted]
        stats.append((number, career.outcome.total, *counts, career.outcome.streak.longest))
    yield "staged_facts", facts
    yield "staged_lines", lines
    yield "staged_days", days
    yield "staged_stats", stats
    yield "staged_learners", [(*one[:5], int(one.hidden)) for one in learners(people)]


def _insert(table: str, values: Mapping[str, str], rows: str) -> str:
    return f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM {rows}"


def _statements(known: Dialect, places: Mapping[str, int]) -> Iterator[str]:
    """INSERTs that make the learners' rows; `places`: rows of the longest career, by staged table."""
    yield from _people(known)
    joined = "staged_learners l JOIN {} s ON s.career = l.career AND s.place = {}"
    at, day = known.at("s.at"), known.day("s.day")
    for place in range(places["staged_days"]):
        values = {"user_id": "l.id", "day": day, "first_at": at, "settled": known.true}
        yield _insert("activity_days", values, joined.format("staged_days", place))
    for place in range(places["staged_facts"]):
        rows = joined.format("staged_facts", place)
        values = {"id": known.row_id("01970"), "at": at, "local_day": day, "kind": "s.kind"}
        values |= {"user_id": "l.id", "actor_id": "l.id", "subject": "s.subject"}
        yield _insert("learning_events", values, rows)
        values = {"user_id": "l.id", "achievement_id": "s.subject", "unlocked_at": at}
        yield _insert("user_achievements", values, f"{rows} WHERE s.kind = '{FactKind.ACHIEVEMENT_UNLOCKED}'")
    label = known.day("CAST(s.subject AS INTEGER)")
    for place in range(places["staged_lines"]):
        values = {"id": known.row_id("01971"), "user_id": "l.id", "rule": "s.rule"}
        values |= {"subject": f"CASE s.label WHEN 1 THEN {label} ELSE s.subject END"}
        values |= {"amount": "s.amount", "reason": "s.reason", "rule_version": "s.version"}
        yield _insert(
            "xp_transactions", {**values, "at": at, "local_day": day}, joined.format("staged_lines", place)
        )


def _people(known: Dialect) -> Iterator[str]:
    values = {"id": "l.id", "email": "l.id || '@example.edu'", "name": "'Learner ' || substr(l.id, 27)"}
    values |= {"search_key": "l.id", "role": "'learner'", "created_at": known.now}
    yield _insert("users", values, "staged_learners l ORDER BY l.number")
    values = {"user_id": "l.id", "name_hidden": known.true, "profile_public": known.false}
    yield _insert("game_preferences", values, "staged_learners l WHERE l.hidden = 1")
    counts = ("total_xp", "level", "lessons", "courses", "quizzes", "longest_streak")
    values = {"user_id": "l.id", **{name: f"s.{name}" for name in counts}}
    values |= {"celebrated_level": "0", "updated_at": known.now}
    yield _insert("user_stats", values, "staged_learners l JOIN staged_stats s ON s.career = l.career")


def _place_count(table: str, rows: Iterable[tuple[Any, ...]]) -> int:
    """How many rows the longest career has in a staged table; 0 of tables with one each."""
    places: list[int] = [row[1] for row in rows] if " place " in STAGED[table] else [-1]
    return 1 + max(places)


def fill_sqlite(database: Database, people: int) -> None:
    """Without a journal, and without the plain indexes, which are made at the end. The caller has closed the
    database."""
    with contextlib.closing(sqlite3.connect(database.url.partition("///")[2])) as connection:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KB}", "threads = 2"):
            connection.execute(f"PRAGMA {pragma}")
        for table, columns in STAGED.items():
            connection.execute(f"CREATE TABLE {table} ({columns})")

        places = {}
        for table, rows in staged(people):
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
            places[table] = _place_count(table, rows)
        connection.commit()
        wanted = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql > '' AND tbl_name IN "
        marks = ", ".join("?" * len(TABLES))
        indexes = connection.execute(f"{wanted} ({marks})", TABLES).fetchall()
        statements = [*_statements(SQLITE, places), *(made for _, made in indexes)]
        for statement in [*(f"DROP INDEX {name}" for name, _ in indexes), *statements, *_dropped()]:
            connection.execute(statement)
            connection.commit()


def _dropped() -> Sequence[str]:
    return [f"DROP TABLE {table}" for table in STAGED]


async def fill_postgres(database: Database, people: int) -> None:
    """Without checks of foreign keys, and without the plain indexes, which are made at the end."""
    address, _, host = database.url.partition("?host=")
    connection = await asyncpg.connect(host=host, user="postgres", database=address.rpartition("/")[2])
    for setting in ("session_replication_role = replica", "synchronous_commit = off", "work_mem = '256MB'"):
        await connection.execute(f"SET {setting}")
    await connection.execute("SET maintenance_work_mem = '1GB'")
    places = {}
    for table, rows in staged(people):
        await connection.execute(f"CREATE UNLOGGED TABLE {table} ({STAGED[table]})")
        await connection.copy_records_to_table(table, records=rows)
        await connection.execute(f"ANALYZE {table}")
        places[table] = _place_count(table, rows)
    wanted = (
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY($1) "
        "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    indexes = await connection.fetch(wanted, list(TABLES))
    statements = [*_statements(POSTGRES, places), *(made for _, made in indexes)]
    for statement in [*(f"DROP INDEX {name}" for name, _ in indexes), *statements, *_dropped(), "ANALYZE"]:
        await connection.execute(statement, timeout=3600)
    await connection.close()
