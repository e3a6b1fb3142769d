"""Rows that heartbeats change: allowances, coverage and sessions of the player; locked, missing ones added.

As plain structs and in three statements each way, without the bookkeeping of mapped objects
(docs/benchmarks.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.watching import rules, spans
from server.watching.schemas import Received
from storage.database.among import among
from storage.database.base import Base
from storage.database.insert import insert_new_rows
from storage.database.tables import Lesson, VideoAnalytics, WatchAllowance, WatchCoverage
from storage.database.update import update_rows


class AllowanceRow(msgspec.Struct):
    user_id: str
    balance: float
    as_of: datetime
    dropped: float
    spare: list[Any] | None


class CoverageRow(msgspec.Struct):
    user_id: str
    lesson_id: str
    spans: list[Any] | None
    covered: int
    position: float
    first_at: datetime
    last_at: datetime
    views: int
    viewed_at: datetime | None
    staff: bool


class PlayerRow(msgspec.Struct):
    """A session of the player."""

    id: str
    user_id: str
    lesson_id: str
    started_at: datetime
    last_at: datetime
    heartbeats: list[Any] | None
    spans: list[Any] | None
    position: float
    watch_seconds: float
    completion_percentage: int
    playback_speed: float
    quality_selected: str | None
    device_type: str | None
    staff: bool


class OpenLesson(msgspec.Struct, frozen=True):
    lesson: Lesson
    threshold: int  # percent of the lesson that complete it


Row = TypeVar("Row", AllowanceRow, CoverageRow, PlayerRow)
Key = tuple[str, ...]
STORED: Mapping[type[Any], type[Base]] = {
    AllowanceRow: WatchAllowance,
    CoverageRow: WatchCoverage,
    PlayerRow: VideoAnalytics,
}
# Columns that no heartbeat changes, besides the keys.
KEPT: Mapping[type[Any], frozenset[str]] = {
    AllowanceRow: frozenset(),
    CoverageRow: frozenset({"first_at", "staff"}),
    PlayerRow: frozenset({"user_id", "lesson_id", "staff"}),
}
NEW: Mapping[type[Any], dict[str, Any]] = {  # values of a row that is added
    AllowanceRow: {"dropped": 0.0, "spare": None},
    CoverageRow: {"spans": None, "covered": 0, "position": 0.0, "views": 0, "viewed_at": None},
    PlayerRow: {
        **dict.fromkeys(("heartbeats", "spans", "quality_selected", "device_type")),
        **{"position": 0.0, "watch_seconds": 0.0, "completion_percentage": 0, "playback_speed": 1.0},
    },
}


class RowsTaken(Exception):
    """Another server has added a row meanwhile: the transaction is to be tried again."""


class Rows(msgspec.Struct, frozen=True):
    """Rows by their primary keys."""

    allowances: dict[Key, AllowanceRow]
    coverages: dict[Key, CoverageRow]
    players: dict[Key, PlayerRow]
    stored: frozenset[tuple[type[Any], Key]]  # the others are new

    async def save(self, session: AsyncSession) -> None:
        """Step: write them all. Raises RowsTaken."""
        await self._save(session, AllowanceRow, self.allowances)
        await self._save(session, CoverageRow, self.coverages)
        await self._save(session, PlayerRow, self.players)

    async def _save(self, session: AsyncSession, kind: type[Row], rows: Mapping[Key, Row]) -> None:
        new = [msgspec.structs.asdict(rows[key]) for key in sorted(rows) if (kind, key) not in self.stored]
        if len(await insert_new_rows(session, STORED[kind], new)) < len(new):
            raise RowsTaken
        await _update(session, kind, [row for key, row in rows.items() if (kind, key) in self.stored])


async def rows_of(
    session: AsyncSession, known: Sequence[Received], lessons: Mapping[str, OpenLesson]
) -> Rows:
    """Step: the rows, in the order of their keys, so that two servers seldom wait in a circle."""
    allowances: dict[Key, dict[str, Any]] = {}
    coverages: dict[Key, dict[str, Any]] = {}
    players: dict[Key, dict[str, Any]] = {}
    for one in known:
        user_id, lesson_id, begun = one.token.user_id, one.token.lesson_id, one.token.issued_at
        duration = spans.tenths(lessons[lesson_id].lesson.video_duration_seconds or 0)
        person = {"user_id": user_id, "lesson_id": lesson_id, "staff": one.token.staff}
        balance = {"user_id": user_id, "balance": rules.cap(duration), "as_of": begun}
        allowances.setdefault((user_id,), balance)
        coverages.setdefault((user_id, lesson_id), {**person, "first_at": one.at, "last_at": one.at})
        player = {**person, "id": one.heartbeat.session, "started_at": begun, "last_at": one.at}
        players.setdefault((one.heartbeat.session,), player)
    stored: set[tuple[type[Any], Key]] = set()
    return Rows(
        await _found_or_new(session, AllowanceRow, allowances, stored),
        await _found_or_new(session, CoverageRow, coverages, stored),
        await _found_or_new(session, PlayerRow, players, stored),
        frozenset(stored),
    )


async def _found_or_new(
    session: AsyncSession,
    kind: type[Row],
    wanted: Mapping[Key, dict[str, Any]],
    stored: set[tuple[type[Any], Key]],
) -> dict[Key, Row]:
    """Rows by key: those that are stored, locked, and noted in `stored`; and new ones."""
    found = await _load(session, kind, wanted)
    stored |= {(kind, key) for key in found}
    new = {key: kind(**NEW[kind] | wanted[key]) for key in wanted.keys() - found.keys()}
    return found | new


async def _load(session: AsyncSession, kind: type[Row], keys: Iterable[Key]) -> dict[Key, Row]:
    wanted = set(keys)
    table, key = _stored(kind)
    conditions = [
        among(session, column, {part[place] for part in wanted}) for place, column in enumerate(key)
    ]
    columns = [table.c[name] for name in kind.__struct_fields__]
    found = await session.execute(select(*columns).where(*conditions).order_by(*key).with_for_update())
    rows = [kind(*row) for row in found]
    return {one: row for row in rows if (one := _key_of(row, key)) in wanted}


async def _update(session: AsyncSession, kind: type[Row], rows: Iterable[Row]) -> None:
    written = [name for name in kind.__struct_fields__ if name not in KEPT[kind]]
    await update_rows(session, STORED[kind], [{name: getattr(row, name) for name in written} for row in rows])


def _stored(kind: type[Any]) -> tuple[Table, list[ColumnElement[Any]]]:
    table: Any = STORED[kind].__table__
    return table, list(table.primary_key)


def _key_of(row: msgspec.Struct, key: Sequence[Any]) -> Key:
    return tuple(getattr(row, column.name) for column in key)
