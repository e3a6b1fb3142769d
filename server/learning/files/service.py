"""Pictures and attachments of lessons: adding, ordering, deleting.

The bytes are stored before the row that shows them. Until then the object is scheduled for deletion, so that
a machine that dies in between leaves neither a row without its file nor a file without its row.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog
from sqlalchemy import delete as delete_from
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import Conflict, NoRoom, NotFound, Problem, Unavailable
from server.learning.files import rules
from server.learning.files.context import FileContext
from server.learning.files.receiving import Received, received
from server.learning.texts.service import render
from server.library.access import lesson_for_learning, lesson_for_teaching
from server.uploads.forms import FormReader
from server.uploads.rules import STORING_LIMIT
from storage import deletions
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import lock_row
from storage.database.tables import Lesson, LessonFile, LessonText, ObjectDeletion
from storage.messages import N_, Figure, Unit
from storage.objects import keys
from storage.objects.store import StoreError, StoreFull
from storage.states import FileKind

log = structlog.get_logger()

NO_FILE = N_("There is no such file, or it is not open to you.")
IN_USE = N_("The text shows this picture. Take it out of the text and save, then delete it.")
TOO_MANY = {
    FileKind.PICTURE: N_("The text has %(count)s pictures already, which is the most."),
    FileKind.ATTACHMENT: N_("The lesson has %(count)s attachments already, which is the most."),
}


class FileView(msgspec.Struct, frozen=True):
    id: str
    lesson_id: str
    kind: str  # picture, attachment
    name: str
    content_type: str
    size: int  # bytes
    url: str  # for those who may see the lesson
    created_at: datetime

    @property
    def suffix(self) -> str:
        return rules.suffix_of(self.name).upper()


def view(row: LessonFile) -> FileView:
    return FileView(
        id=row.id,
        lesson_id=row.lesson_id,
        kind=row.kind,
        name=row.name,
        content_type=row.content_type,
        size=row.size,
        url=rules.address(row.id, row.name),
        created_at=row.created_at,
    )


async def of_lesson(session: AsyncSession, lesson_id: str, kind: FileKind) -> list[FileView]:
    """Step: in order. The caller has checked that the viewer may see the lesson."""
    return [view(row) for row in await _rows(session, lesson_id, kind)]


async def listed(database: Database, viewer: Viewer, lesson_id: str, kind: FileKind) -> list[FileView]:
    async with database.read() as session:
        await lesson_for_learning(session, viewer, lesson_id)
        return await of_lesson(session, lesson_id, kind)


async def find(database: Database, viewer: Viewer, file_id: str) -> LessonFile:
    """File of a lesson that the viewer may see. Raises NotFound."""
    async with database.read() as session:
        row = await session.get(LessonFile, file_id)
        if row is None:
            raise NotFound(NO_FILE)
        await lesson_for_learning(session, viewer, row.lesson_id)
    return row


async def require_room(context: FileContext, viewer: Viewer, lesson_id: str, kind: FileKind) -> None:
    """Checks before the first byte is read. Raises NotFound, Forbidden or Conflict."""
    async with context.database.read() as session:
        await lesson_for_teaching(session, viewer, lesson_id)
        await _require_room(session, context, lesson_id, kind)


async def add(
    context: FileContext, viewer: Viewer, lesson_id: str, kind: FileKind, reader: FormReader, now: datetime
) -> FileView:
    """Receive, judge and store the file of a form. The same file sent again is not added again."""
    async with received(context.spool, reader, context.limits[kind].size) as file:
        media_type = rules.judge(kind, file.name, file.head).media_type
        file_id = new_id()
        key = keys.lesson_file(lesson_id, file_id)
        async with context.database.write() as session:
            await deletions.schedule(session, [key], now + STORING_LIMIT)
        await context.database.sync()  # else a power cut could lose the entry and keep the bytes
        await _store(context, key, file, media_type)
        row = LessonFile(
            id=file_id,
            lesson_id=lesson_id,
            kind=kind,
            name=file.name,
            content_type=media_type,
            size=file.size,
            sha256=file.sha256,
            created_at=now,
        )
        return await _show(context, viewer, row, key)


async def _store(context: FileContext, key: str, file: Received, media_type: str) -> None:
    try:
        await context.store.adopt_file(key, file.path, media_type)
    except StoreFull as error:
        raise NoRoom(N_("The store has no room for the file. Ask an administrator to free space.")) from error
    except StoreError as error:
        log.warning("file not stored", key=key, reason=str(error))
        raise Unavailable(N_("The file cannot be stored right now. Try again in a moment.")) from error


async def _show(context: FileContext, viewer: Viewer, row: LessonFile, key: str) -> FileView:
    """Add the row of a stored object, unless the lesson has the same file already."""
    try:
        async with context.database.write() as session:
            await lesson_for_teaching(session, viewer, row.lesson_id)
            await lock_row(session, Lesson, row.lesson_id)
            there = await _rows(session, row.lesson_id, row.kind)
            same = next((one for one in there if (one.sha256, one.name) == (row.sha256, row.name)), None)
            if same is None:
                await _require_room(session, context, row.lesson_id, row.kind)
                row.position = len(there)
                session.add(row)
                await session.execute(delete_from(ObjectDeletion).where(ObjectDeletion.prefix == key))
    except Problem:
        await _discard(context, key)
        raise
    if same is not None:
        await _discard(context, key)
    return view(same or row)


async def _discard(context: FileContext, key: str) -> None:
    """Delete an object without a row now; if that fails, its scheduled deletion does it."""
    try:
        await context.store.delete(key)
    except StoreError as error:
        log.warning("file not deleted yet", key=key, reason=str(error))


async def move(database: Database, viewer: Viewer, lesson_id: str, file_id: str, steps: int) -> None:
    """Move down the list by `steps`, up when negative; clamped to the ends."""
    async with database.write() as session:
        row, there = await _taught(session, viewer, lesson_id, file_id)
        _renumber(there, rules.moved([one.id for one in there], row.id, steps))


async def delete(database: Database, viewer: Viewer, lesson_id: str, file_id: str, now: datetime) -> FileView:
    """The row at once, the object after a grace period, for those who are downloading it."""
    async with database.write() as session:
        row, there = await _taught(session, viewer, lesson_id, file_id)
        text = await session.get(LessonText, lesson_id) if row.kind is FileKind.PICTURE else None
        if text is not None and row.id in text.markdown and row.id in (await render(text.markdown)).pictures:
            raise Conflict(IN_USE)
        await deletions.schedule(session, [keys.lesson_file(lesson_id, row.id)], now + deletions.GRACE)
        await session.delete(row)
        _renumber(there, [one.id for one in there if one is not row])
    return view(row)


async def _taught(
    session: AsyncSession, viewer: Viewer, lesson_id: str, file_id: str
) -> tuple[LessonFile, Sequence[LessonFile]]:
    """The file, and all of its kind in the lesson, which is locked. Raises NotFound and Forbidden."""
    await lesson_for_teaching(session, viewer, lesson_id)
    await lock_row(session, Lesson, lesson_id)
    row = await session.get(LessonFile, file_id)
    if row is None or row.lesson_id != lesson_id:
        raise NotFound(NO_FILE)
    return row, await _rows(session, lesson_id, row.kind)


async def _rows(session: AsyncSession, lesson_id: str, kind: FileKind) -> Sequence[LessonFile]:
    return (
        await session.scalars(
            select(LessonFile)
            .where(LessonFile.lesson_id == lesson_id, LessonFile.kind == kind)
            .order_by(LessonFile.position, LessonFile.id)
        )
    ).all()


async def _require_room(session: AsyncSession, context: FileContext, lesson_id: str, kind: FileKind) -> None:
    most = context.limits[kind].number
    there = select(func.count()).where(LessonFile.lesson_id == lesson_id, LessonFile.kind == kind)
    if (await session.scalar(there) or 0) >= most:
        raise Conflict(TOO_MANY[kind], count=Figure(most, Unit.NUMBER))


def _renumber(rows: Sequence[LessonFile], ids: Sequence[str]) -> None:
    positions = {file_id: position for position, file_id in enumerate(ids)}
    for row in rows:
        row.position = positions.get(row.id, row.position)
