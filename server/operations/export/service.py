"""Export of everything that an institution has on this server, in plain files: the way out of the product."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from server.core.audit.recording import record
from server.core.errors import NoRoom
from server.institution import service as institution
from server.operations.export import media, rules, tables
from server.operations.export.columns import LESSONS
from server.operations.export.tables import EXPORTED, LessonMedia
from server.operations.export.targets import Target, open_target, partial
from storage.database.engine import Database
from storage.messages import N_, byte_size
from storage.objects import keys
from storage.objects.store import ObjectMissing, ObjectStore
from storage.states.privacy import AuditAction

BLOCK = 2**20  # bytes
SUFFIXES = {"image/png": "png", "image/webp": "webp", "image/svg+xml": "svg", "": "bin"}
RESERVE = 2**30  # bytes that stay free, also for the rows, which are small

Report = Callable[[int, int], None]  # lessons done and in total


class Exported(msgspec.Struct, frozen=True):
    rows: int
    lessons: int  # with media
    bytes: int  # of media
    missing: int  # files that were deleted while the export ran


async def export(
    database: Database, store: ObjectStore, path: Path, *, with_media: bool, now: datetime, report: Report
) -> Exported:
    """Write everything to a new folder or tar file, which appears when it is complete.

    The rows are those of one moment. Media are copied afterwards, for hours perhaps; lectures that are
    deleted meanwhile are named in missing.txt. Raises Conflict, NoRoom, StoreError or OSError.
    """
    target = open_target(path, now)
    try:
        lessons, rows = await _write_rows(database, target, with_media=with_media, now=now)
        async with database.write() as session:  # before the rows can leave
            await record(session, None, AuditAction.EXPORTED, now, data={"media": with_media})
        await _require_space(database, store, path, lessons)
        size, missing = await _write_media(database, store, target, lessons, report)
        if with_media:
            await _write_logo(database, store, target)
        text = "".join(f"{name}\n" for name in missing).encode()
        if missing:
            await target.write("missing.txt", len(text), media.once(text))
        target.complete()
    finally:
        target.close()
    return Exported(rows, len(lessons), size, len(missing))


async def _write_rows(
    database: Database, target: Target, *, with_media: bool, now: datetime
) -> tuple[list[LessonMedia], int]:
    """All tables from one snapshot of the database; the lessons that have media, and the number of rows."""
    found: list[LessonMedia] = []
    count = 0
    readme = rules.readme(tables.TABLES, with_media=with_media).encode()
    await target.write("README.md", len(readme), media.once(readme))
    async with database.read() as session:
        about = msgspec.structs.asdict(await institution.shown(session)) | {"exported_at": now}
        text = msgspec.json.format(msgspec.json.encode(about))
        await target.write("institution.json", len(text), media.once(text))
        for model, table in EXPORTED.items():
            count += await _write_table(target, table.file, tables.rows(session, model))

        async def lessons() -> AsyncIterator[dict[str, Any]]:
            async for row, files in tables.lessons(session, with_media=with_media):
                if files:
                    found.append(files)
                yield row

        count += await _write_table(target, LESSONS.file, lessons())
    return found, count


async def _write_table(target: Target, name: str, rows: AsyncIterator[dict[str, Any]]) -> int:
    """Through a temporary file: a tar file has the size before the content."""
    count = 0
    with tempfile.TemporaryFile() as file:
        async for row in rows:
            file.write(msgspec.json.encode(row) + b"\n")
            count += 1
        size = file.tell()
        file.seek(0)
        await target.write(name, size, _blocks(file))
    return count


async def _blocks(file: BinaryIO) -> AsyncIterator[bytes]:
    while block := file.read(BLOCK):
        yield block


async def _require_space(
    database: Database, store: ObjectStore, path: Path, lessons: list[LessonMedia]
) -> None:
    """Raises NoRoom when the media would not fit, besides what an interrupted run has written."""
    if not lessons:
        return
    needed = sum([await media.size_of(database, store, lesson) for lesson in lessons])
    draft = partial(path)
    there = sum(file.stat().st_size for file in draft.rglob("*") if file.is_file()) if draft.is_dir() else 0
    free = shutil.disk_usage(path.parent).free
    if needed - there + RESERVE > free:
        raise NoRoom(
            N_("The export takes %(needed)s, and %(folder)s has %(free)s free."),
            needed=byte_size(needed),
            folder=str(path.parent),
            free=byte_size(free),
        )


async def _write_logo(database: Database, store: ObjectStore, target: Target) -> None:
    """The logo, if there is one and it was not replaced meanwhile."""
    place = await institution.get(database)
    if place.logo is None:
        return
    with suppress(ObjectMissing):
        data = await store.get_bytes(keys.logo(place.logo))
        await target.write(f"logo.{SUFFIXES[place.logo_type or '']}", len(data), media.once(data))


async def _write_media(
    database: Database,
    store: ObjectStore,
    target: Target,
    lessons: list[LessonMedia],
    report: Report,
) -> tuple[int, list[str]]:
    total, missing = 0, []
    for done, lesson in enumerate(lessons):
        report(done, len(lessons))
        size, gone = await media.write(database, store, target, lesson)
        total += size
        missing += gone
    return total, missing
