"""Local days of what is written without one: accounts, seconds of watching, uploads and encodings.

Once a minute, and not where they happen: heartbeats and encoders write nothing more for it. What is noted has
its label for good and outlives the lesson. Running it again notes nothing twice.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.clock import local_day
from server.core.events import days_changed
from server.institution import service as institution
from server.institution.service import InstitutionView
from server.watching.played import WHOLE
from server.watching.tokens import LIFETIME
from storage.database.engine import Database
from storage.database.insert import insert_for, insert_new_rows
from storage.database.locks import advisory_lock
from storage.database.tables import EncodingEvent, Lesson, User, Video, VideoAnalytics, WatchDay
from storage.states import EncodingKind, RevisionState
from transcoder.media import PublishedVideo

LOCK = "analytics/collecting"
LOT = 500  # rows of one transaction
LOT_SESSIONS = 5000
LOT_VIDEOS = 50  # whose documents are read
REACH = LIFETIME + timedelta(days=1)  # of a session: its token has expired then
After = tuple[datetime, str] | None  # beginning and id of the session that was read last
ENDS = {EncodingKind.READY: RevisionState.READY, EncodingKind.FAILED: RevisionState.FAILED}


async def collect(database: Database, now: datetime) -> int:
    """Use case: note what is new; how many rows. The first time, all that there is."""
    async with database.read() as session:
        begun = await session.scalar(select(WatchDay.day).limit(1)) is not None
    return await collect_since(database, now - REACH if begun else None)


async def collect_since(database: Database, since: datetime | None) -> int:
    """Use case: `collect`, with sessions of the player that were opened after `since`; None: all of them."""
    noted = 0
    for part in (_accounts, _submitted, _ended_well, _failed):
        while found := await _in_transaction(database, part):
            noted += found
    last: After = None
    while True:
        async with database.write() as session:
            await advisory_lock(session, LOCK)
            found, last = await _watched(session, await institution.shown(session), since, last)
        noted += found
        if last is None:
            return noted


async def _in_transaction(database: Database, part: Any) -> int:
    async with database.write() as session:
        await advisory_lock(session, LOCK)
        return int(await part(session, await institution.shown(session)))


def _day(at: datetime, place: InstitutionView) -> str:
    return local_day(at, place.time_zone, place.day_start_hour).isoformat()


async def _accounts(session: AsyncSession, place: InstitutionView) -> int:
    found = select(User.id, User.created_at).where(User.created_day.is_(None)).limit(LOT)
    days = {user_id: _day(at, place) for user_id, at in await session.execute(found)}
    if days:
        table: Any = User.__table__
        noted = update(table).where(table.c.id == bindparam("user")).values(created_day=bindparam("day"))
        await session.execute(noted, [{"user": user_id, "day": day} for user_id, day in days.items()])
    await days_changed(session, set(days.values()))
    return len(days)


async def _watched(
    session: AsyncSession, place: InstitutionView, since: datetime | None, after: After
) -> tuple[int, After]:
    """Seconds that sessions have gained, on the local day of their last heartbeat. How many rows, and where
    to go on: None at the end. By the time of the sessions, whose index is read from there on."""
    player = VideoAnalytics
    query = select(player.started_at, player.id, player.last_at).where(_gained() >= 1, ~player.staff)
    if after is not None:
        begun, last = after
        later_ones = or_(player.started_at > begun, player.id > last)
        query = query.where(player.started_at >= begun, later_ones)
    elif since is not None:
        query = query.where(player.started_at > since)
    query = query.order_by(player.started_at, player.id).limit(LOT_SESSIONS)
    rows = (await session.execute(query)).all()
    moments: dict[str, list[datetime]] = {}
    for row in rows:
        moments.setdefault(_day(row.last_at, place), []).append(row.last_at)
    noted = 0
    for day, own in sorted(moments.items()):
        began = player.started_at.between(rows[0].started_at, rows[-1].started_at)
        noted += await _add_seconds(session, day, began, player.last_at.between(min(own), max(own)))
    await days_changed(session, set(moments))
    return noted, (rows[-1].started_at, rows[-1].id) if len(rows) == LOT_SESSIONS else None


def _gained() -> ColumnElement[int]:
    """Whole seconds of a session that are not noted yet."""
    noted = select(func.coalesce(func.sum(WatchDay.seconds), 0)).where(
        WatchDay.session_id == VideoAnalytics.id
    )
    return WHOLE - noted.scalar_subquery()


async def _add_seconds(session: AsyncSession, day: str, *which: ColumnElement[bool]) -> int:
    """Note what these sessions have gained, in one statement: there may be millions. Moments between two of a
    local day are of that day."""
    player, table = VideoAnalytics, WatchDay.__table__
    course = select(Lesson.course_id).where(Lesson.id == player.lesson_id).scalar_subquery()
    gained = _gained()
    values = {
        "session_id": player.id,
        "day": literal(day),
        "user_id": player.user_id,
        "course_id": course,
        "lesson_id": player.lesson_id,
        "seconds": gained,
    }
    rows = select(*values.values()).where(*which, ~player.staff, gained >= 1)
    new = insert_for(session, table).from_select(list(values), rows)
    added = {"seconds": table.c.seconds + new.excluded.seconds}
    put = new.on_conflict_do_update(index_elements=["session_id", "day"], set_=added)
    done: CursorResult[Any] = await session.execute(put)  # type: ignore[assignment]
    return done.rowcount


async def _submitted(session: AsyncSession, place: InstitutionView) -> int:
    rows = await _unnoted(session, EncodingKind.SUBMITTED)
    return await _note(
        session,
        EncodingKind.SUBMITTED,
        ({**_about(row, row.created_at, place), "bytes": row.source_bytes} for row in rows),
    )


async def _ended_well(session: AsyncSession, place: InstitutionView) -> int:
    rows = await _unnoted(session, EncodingKind.READY)
    noted = []
    for row in rows:
        published = await session.scalar(select(Video.published).where(Video.id == row.id))
        about = _about(row, row.finished_at or row.created_at, place)
        noted.append({**about, "seconds": int(row.duration or 0), "bytes": published_bytes(published)})
    return await _note(session, EncodingKind.READY, noted)


async def _failed(session: AsyncSession, place: InstitutionView) -> int:
    rows = await _unnoted(session, EncodingKind.FAILED)
    return await _note(
        session,
        EncodingKind.FAILED,
        (_about(row, row.finished_at or row.created_at, place) for row in rows),
    )


async def _unnoted(session: AsyncSession, kind: EncodingKind) -> Sequence[Any]:
    """Revisions of which this is not noted yet."""
    known = exists().where(EncodingEvent.video_id == Video.id, EncodingEvent.kind == kind)
    query = (
        select(Video.id, Video.created_at, Video.finished_at, Video.source_bytes, Lesson.course_id)
        .add_columns(Video.plan["duration"].as_float().label("duration"))
        .join(Lesson, Lesson.id == Video.lesson_id)
        .where(~known)
        .order_by(Video.id)
        .limit(LOT_VIDEOS)
    )
    if kind in ENDS:
        query = query.where(Video.state == ENDS[kind])
    return (await session.execute(query)).all()


def _about(row: Any, at: datetime, place: InstitutionView) -> dict[str, Any]:
    day = _day(at, place)
    return {"video_id": row.id, "course_id": row.course_id, "day": day, "seconds": 0, "bytes": 0}


async def _note(session: AsyncSession, kind: EncodingKind, rows: Iterable[dict[str, Any]]) -> int:
    new = [{**row, "kind": kind} for row in rows]
    await insert_new_rows(session, EncodingEvent, new)
    await days_changed(session, {row["day"] for row in new})
    return len(new)


def published_bytes(document: dict[str, Any] | None) -> int:
    """Bytes of all segments of a ready video, in every rendition."""
    if document is None:
        return 0
    published = msgspec.convert(document, PublishedVideo)
    parts = [part for chunk in published.chunks for part in chunk.parts]
    parts += [published.audio.part] if published.audio else []
    return sum(segment.bytes for part in parts for segment in part.segments)
