"""Old originals for administrators: the age limit, the daily run, and the list of what it does."""

from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.audit.recording import record
from server.core.lists import ListOptions, ListPage, ListState, counts_of
from server.operations.upkeep import rules
from server.services import Services
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.paging import by_code_point, count_by, count_rows
from storage.database.search import matches
from storage.database.tables import Course, Lesson, OperatorSettings, OriginalRemoval, Video
from storage.messages import N_, Message, byte_size, message
from storage.states import OriginalState
from storage.states.privacy import AuditAction
from transcoder.jobs import originals

log = structlog.get_logger(__name__)

OPTIONS = ListOptions(
    sorts=("newest", "largest", "course"), filter_name="state", filters=tuple(OriginalState)
)
_ORDERS: dict[str, tuple[Any, ...]] = {
    "newest": (OriginalRemoval.changed_at.desc(), OriginalRemoval.video_id),
    "largest": (Video.source_bytes.desc(), OriginalRemoval.video_id),
    "course": (by_code_point(Course.search_key), Lesson.position, OriginalRemoval.video_id),
}


class OriginalView(msgspec.Struct, frozen=True):
    video_id: str
    lesson_id: str
    lesson: str
    course_id: str
    course: str
    filename: str
    bytes: int
    state: OriginalState
    due_at: datetime  # from when it is deleted, if it is marked
    changed_at: datetime


class Waiting(msgspec.Struct, frozen=True):
    """Originals that are marked: how many, how large, and when the first one is deleted."""

    count: int
    bytes: int
    first: datetime | None


async def run(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Scheduled task: delete what was marked 30 days ago, then mark what has become old."""
    removed = await originals.remove_due(services.database, now)
    async with services.database.read() as session:
        days = await days_kept(session)
    marked = await originals.mark_old(services.database, days, now) if days else originals.Marked()
    if not removed and not marked.count:
        return None
    log.info("old originals", removed=removed, marked=marked.count, marked_bytes=marked.bytes)
    return message(
        N_("Deleted: %(removed)s, marked: %(marked)s (%(size)s)"),
        removed=removed,
        marked=marked.count,
        size=byte_size(marked.bytes),
    )


async def days_kept(session: AsyncSession) -> int | None:
    """Step: days that originals are kept; None: for ever."""
    row = await session.get(OperatorSettings, 1)
    return row.originals_days if row else None


async def limit_age(database: Database, text: str, now: datetime, *, by: str | None = None) -> int | None:
    """Use case: set the limit in days. What a longer one no longer reaches is unmarked. Raises Invalid."""
    days = rules.clean_days(text)
    async with database.write() as session:
        await insert_new(session, OperatorSettings, id=1, maintenance_message="")
        row = await session.get_one(OperatorSettings, 1, with_for_update=True, populate_existing=True)
        data = {"before": row.originals_days, "after": days}
        row.originals_days = days
        await record(session, by, AuditAction.ORIGINALS_LIMITED, now, data=data)
        await originals.unmark_younger(session, days, now)
    return days


async def waiting(session: AsyncSession) -> Waiting:
    """Step."""
    figures = (
        select(func.count(), func.sum(Video.source_bytes), func.min(OriginalRemoval.marked_at))
        .join(Video, Video.id == OriginalRemoval.video_id)
        .where(OriginalRemoval.state == OriginalState.MARKED)
    )
    count, size, first = (await session.execute(figures)).one()
    return Waiting(count, int(size or 0), first + originals.UNDO_TIME if first else None)


async def shown(session: AsyncSession, state: ListState) -> ListPage[OriginalView]:
    """Step: page of the list, searched by the course's title."""
    query = _rows().where(matches(Course.search_key, state.search))
    if state.filter:
        query = query.where(OriginalRemoval.state == state.filter)
    counts = counts_of(OPTIONS, await count_by(session, OriginalRemoval.state, _rows()))
    hits = await count_rows(session, query)
    state = OPTIONS.clamped(state, hits)
    rows = await session.execute(
        query.order_by(*_ORDERS[state.sort]).offset(OPTIONS.offset(state)).limit(OPTIONS.page_size)
    )
    return ListPage(OPTIONS, state, [_view(*row) for row in rows], hits, counts)


def _rows() -> Select[OriginalRemoval, Video, Lesson, Course]:
    return (
        select(OriginalRemoval, Video, Lesson, Course)
        .join(Video, Video.id == OriginalRemoval.video_id)
        .join(Lesson, Lesson.id == Video.lesson_id)
        .join(Course, Course.id == Lesson.course_id)
    )


def _view(removal: OriginalRemoval, video: Video, lesson: Lesson, course: Course) -> OriginalView:
    return OriginalView(
        video_id=video.id,
        lesson_id=lesson.id,
        lesson=lesson.title,
        course_id=course.id,
        course=course.title,
        filename=video.filename,
        bytes=video.source_bytes,
        state=removal.state,
        due_at=removal.marked_at + originals.UNDO_TIME,
        changed_at=removal.changed_at,
    )
