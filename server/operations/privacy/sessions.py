"""Sessions of the player that have reached their limit: their seconds stay beside the coverage, as one sum.

A session goes when its last local day has reached the limit, with its seconds of days and in one transaction
with the sum, so that neither is lost nor counted twice. Seconds of days without a session are those of a
lesson or a person that was deleted.
"""

from collections.abc import Iterable
from math import floor
from typing import Any

from sqlalchemy import Row, Select, delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.operations.privacy.rules import Cutoff
from storage.database.insert import put_rows
from storage.database.tables import VideoAnalytics, WatchCoverage, WatchDay

STAYS = ("spans", "covered", "position", "first_at", "last_at", "views", "staff")


def _sessions(limit: Cutoff) -> Select[str]:
    player, row = VideoAnalytics, WatchDay
    younger = exists().where(row.session_id == player.id, row.day >= limit.day)
    return select(player.id).where(player.last_at < limit.at, ~younger)


def _alone(limit: Cutoff) -> Select[str]:
    """Sessions that are gone already, of which seconds of days are left."""
    row = WatchDay
    there = exists().where(VideoAnalytics.id == row.session_id)
    return select(row.session_id).where(row.day < limit.day, ~there).distinct()


def days(limit: Cutoff) -> Select[str]:
    """Local days with seconds that have reached their limit."""
    return select(WatchDay.day).where(WatchDay.day < limit.day).distinct()


async def reached(session: AsyncSession, limit: Cutoff) -> int:
    """Step: how many sessions `delete_lot` would delete, those of which only seconds are left among them."""
    counts = [select(func.count()).select_from(query(limit).subquery()) for query in (_sessions, _alone)]
    return sum([await session.scalar(count) or 0 for count in counts])


async def delete_lot(session: AsyncSession, limit: Cutoff, most: int) -> int:
    """Step: delete sessions and their seconds of days; how many sessions. Fewer than `most`: the rest."""
    player = VideoAnalytics
    gone = delete(player).where(player.id.in_(_sessions(limit).limit(most)))
    columns = (
        player.id,
        player.user_id,
        player.lesson_id,
        player.watch_seconds,
        player.last_at,
        player.staff,
    )
    rows = (await session.execute(_quiet(gone.returning(*columns)))).all()
    await _keep(session, rows)
    ids = [row.id for row in rows]
    if len(ids) < most:
        ids += await session.scalars(_alone(limit).limit(most - len(ids)))
    if ids:
        own = delete(WatchDay).where(WatchDay.session_id.in_(ids), WatchDay.day < limit.day)
        await session.execute(_quiet(own))
    return len(ids)


async def _keep(session: AsyncSession, rows: Iterable[Row[Any]]) -> None:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        if row.staff:
            continue
        of = {"user_id": row.user_id, "lesson_id": row.lesson_id, "first_at": row.last_at}
        none = {"spans": None, "covered": 0, "position": 0.0, "views": 0, "staff": False}
        new = {**of, **none, "last_at": row.last_at, "kept_seconds": 0}
        kept = found.setdefault((row.user_id, row.lesson_id), new)
        kept["kept_seconds"] += floor(row.watch_seconds)
    ordered = [found[key] for key in sorted(found)]  # so that two servers do not wait in a circle
    await put_rows(session, WatchCoverage, ordered, kept=STAYS, added=("kept_seconds",))


def _quiet(statement: Any) -> Any:
    return statement.execution_options(synchronize_session=False)
