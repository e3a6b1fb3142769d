"""Group commit of heartbeats: one transaction for all that arrived meanwhile."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.events import about_lesson, note_activity, publish
from server.watching import admission, rules, spans
from server.watching.schemas import Received, Recorded, Refused
from server.watching.sessions import apply
from storage.database.base import Base
from storage.database.engine import Database
from storage.database.insert import insert_new_rows
from storage.database.tables import Lesson, VideoAnalytics, WatchAllowance, WatchCoverage
from storage.messages import N_
from storage.states import FactKind

Row = TypeVar("Row", bound=Base)
Outcome = Recorded | Refused

NOT_OPEN = N_("This lesson is not open to you any more, or too many players were opened in the last hour.")
FOREIGN = N_("This session belongs to another person or lesson.")


class Watched(msgspec.Struct, frozen=True):
    """What a learner has covered of a lesson, for the handlers of later features."""

    user_id: str
    lesson: Lesson
    coverage: WatchCoverage
    at: datetime


Handler = Callable[[AsyncSession, Watched], Awaitable[bool]]
HANDLERS_KEY = "watch_handlers"  # in the session's info


def bind(database: Database, handlers: Sequence[Handler]) -> None:
    """Give every later session of this database its handlers. A handler tells whether the lesson was
    completed by what it was called for."""
    database.session_info[HANDLERS_KEY] = handlers


async def record(database: Database, batch: Sequence[Received], now: datetime) -> list[Outcome]:
    """Use case: record heartbeats in their order, in one transaction. Idempotent by session and number."""
    async with database.write() as session:
        return await _record(session, batch, now)


async def _record(session: AsyncSession, batch: Sequence[Received], now: datetime) -> list[Outcome]:
    lessons = await _rows(session, Lesson, Lesson.id, {one.token.lesson_id for one in batch})
    admitted = await admission.admitted(session, batch, lessons, now)
    known = [one for one in batch if (one.heartbeat.session, one.token.user_id) in admitted]
    await _insert(session, known, lessons)
    allowances = await _locked(session, WatchAllowance, {one.token.user_id for one in known})
    coverages = await _locked_coverage(session, known)
    sessions = await _locked(session, VideoAnalytics, {one.heartbeat.session for one in known})
    outcomes: list[Outcome] = []
    active: set[str] = set()
    for one in batch:
        lesson, user_id = lessons.get(one.token.lesson_id), one.token.user_id
        opened = sessions.get(one.heartbeat.session)
        if lesson is None or opened is None or (one.heartbeat.session, user_id) not in admitted:
            outcomes.append(Refused(NOT_OPEN))
        elif (opened.user_id, opened.lesson_id) != (user_id, lesson.id):
            outcomes.append(Refused(FOREIGN))
        else:
            coverage = coverages[user_id, lesson.id]
            duration = spans.tenths(lesson.video_duration_seconds or 0.0)
            recorded, new_view = apply(one, duration, allowances[user_id], coverage, opened, now)
            if not coverage.staff:
                if opened.watch_seconds >= rules.VIEW_SECONDS:
                    active.add(user_id)
                if new_view:
                    await publish(session, about_lesson(FactKind.LESSON_STARTED, user_id, lesson, now))
                recorded = await _tell(session, Watched(user_id, lesson, coverage, now), recorded)
            outcomes.append(recorded)
    await note_activity(session, active, now)
    return outcomes


async def _tell(session: AsyncSession, watched: Watched, recorded: Recorded) -> Recorded:
    """Tell later features what was watched; nothing of staff reaches them."""
    handlers: Sequence[Handler] = session.info.get(HANDLERS_KEY, ())
    completed = [await handler(session, watched) for handler in handlers]
    return msgspec.structs.replace(recorded, completed=any(completed))


async def _insert(session: AsyncSession, known: Sequence[Received], lessons: dict[str, Lesson]) -> None:
    """The rows that are missing, in the order of their keys, so that two servers do not wait in a circle."""
    allowances: dict[Any, dict[str, Any]] = {}
    coverages: dict[Any, dict[str, Any]] = {}
    opened: dict[Any, dict[str, Any]] = {}
    for one in known:
        user_id, lesson_id, begun = one.token.user_id, one.token.lesson_id, one.token.issued_at
        duration = spans.tenths(lessons[lesson_id].video_duration_seconds or 0)
        person = {"user_id": user_id, "lesson_id": lesson_id, "staff": one.token.staff}
        allowances.setdefault(user_id, {"user_id": user_id, "balance": rules.cap(duration), "as_of": begun})
        coverages.setdefault((user_id, lesson_id), {**person, "first_at": one.at, "last_at": one.at})
        opened.setdefault(
            one.heartbeat.session,
            {**person, "id": one.heartbeat.session, "started_at": begun, "last_at": one.at},
        )
    for table, rows in (
        (WatchAllowance, allowances),
        (WatchCoverage, coverages),
        (VideoAnalytics, opened),
    ):
        await insert_new_rows(session, table, [rows[key] for key in sorted(rows)])


async def _rows(session: AsyncSession, table: type[Row], column: Any, ids: Iterable[str]) -> dict[str, Row]:
    found = await session.scalars(select(table).where(column.in_(sorted(ids))))
    return {row.id: row for row in found}  # type: ignore[attr-defined]


async def _locked(session: AsyncSession, table: type[Row], ids: Iterable[str]) -> dict[str, Row]:
    """Rows by their primary key, locked in its order."""
    (key,) = table.__table__.primary_key
    query = select(table).where(key.in_(sorted(ids))).order_by(key)
    rows = await session.scalars(query.with_for_update().execution_options(populate_existing=True))
    return {getattr(row, key.name): row for row in rows}


async def _locked_coverage(
    session: AsyncSession, known: Sequence[Received]
) -> dict[tuple[str, str], WatchCoverage]:
    people = sorted({one.token.user_id for one in known})
    wanted = sorted({one.token.lesson_id for one in known})
    rows = await session.scalars(
        select(WatchCoverage)
        .where(WatchCoverage.user_id.in_(people), WatchCoverage.lesson_id.in_(wanted))
        .order_by(WatchCoverage.user_id, WatchCoverage.lesson_id)
        .with_for_update()
    )
    return {(row.user_id, row.lesson_id): row for row in rows}
