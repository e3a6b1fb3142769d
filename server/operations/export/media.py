"""Media of an export: for each lesson the original, and the published renditions as a folder of HLS."""

from collections.abc import AsyncIterator, Iterator

import msgspec

from server.operations.export.tables import LessonMedia
from server.operations.export.targets import Target
from server.playback import rules
from server.playback.playlists import rendered
from server.playback.published import Published, published
from storage.database.engine import Database
from storage.objects import keys
from storage.objects.store import ObjectMissing, ObjectStore
from transcoder.packaging.playlist import AUDIO


class ExportedFile(msgspec.Struct, frozen=True):
    path: str  # in the export
    key: str
    size: int  # bytes


async def files(
    store: ObjectStore, known: Published | None, lesson: LessonMedia
) -> AsyncIterator[ExportedFile]:
    """Objects of a lesson: its files, and those of its video that are in the store."""
    for key, name, size in lesson.files:
        yield ExportedFile(f"{lesson.folder}/files/{name}", key, size)
    if lesson.video_id is None or lesson.source_key is None:
        return
    original = await store.stat(lesson.source_key)
    if original is not None:
        suffix = lesson.source_key.rpartition("/")[2].partition(".")[2]
        name = f"original.{suffix}" if suffix else "original"
        yield ExportedFile(f"{lesson.folder}/{name}", original.key, original.size)
    if known is None:
        return
    prefix, segments = keys.video(lesson.video_id), set(_segments(lesson.video_id, known))
    async for item in store.list(prefix):
        path = item.key.removeprefix(prefix)
        if item.key in segments or _is_picture(path):
            yield ExportedFile(f"{lesson.folder}/hls/{path}", item.key, item.size)


def _is_picture(path: str) -> bool:
    """Poster, storyboard and its index."""
    return (rules.content_type(path) or "").startswith(("image/", "text/"))


def _renditions(known: Published) -> list[str]:
    rungs = [rung.name for rung in known.plan.video.rungs] if known.plan.video else []
    return [*rungs, AUDIO]


def _segments(video_id: str, known: Published) -> Iterator[str]:
    for rendition in _renditions(known):
        for part in known.parts(rendition):
            yield keys.init(video_id, rendition, part.attempt)
            yield from (keys.segment(video_id, rendition, s.number, part.attempt) for s in part.segments)


def playlists(known: Published) -> Iterator[tuple[str, str]]:
    """Path and text of each playlist of a finished lecture."""
    names = (f"{rendition}/{kind}.m3u8" for rendition in _renditions(known) for kind in ("index", "iframes"))
    for name in ("master.m3u8", *names):
        if text := rendered(known, name):
            yield name, text


async def read_published(database: Database, lesson: LessonMedia) -> Published | None:
    if lesson.video_id is None:
        return None
    async with database.read() as session:
        known = await published(session, lesson.video_id)
    return known if known is not None and known.ended else None


async def size_of(database: Database, store: ObjectStore, lesson: LessonMedia) -> int:
    """Bytes of a lesson's files."""
    known = await read_published(database, lesson)
    return sum([item.size async for item in files(store, known, lesson)])


async def write(
    database: Database, store: ObjectStore, target: Target, lesson: LessonMedia
) -> tuple[int, list[str]]:
    """Write a lesson's folder; its size in bytes, and the paths of what was deleted meanwhile."""
    known = await read_published(database, lesson)
    target.keep_only(lesson.folder, lesson.video_id or "")
    written = 0
    missing = [f"{lesson.folder}/hls"] if lesson.ready and known is None else []
    async for item in files(store, known, lesson):
        written += item.size
        if target.has(item.path, item.size):
            continue
        try:
            await _write(store, target, item)
        except ObjectMissing:
            missing.append(item.path)
    for path, text in playlists(known) if known else ():
        await target.write(f"{lesson.folder}/hls/{path}", len(text.encode()), once(text.encode()))
    return written, missing


async def _write(store: ObjectStore, target: Target, item: ExportedFile) -> None:
    """The first block is read before anything is written: a tar file cannot take a header back."""
    blocks = store.stream(item.key)
    try:
        first = await anext(blocks)
    except StopAsyncIteration:
        first = b""
    await target.write(item.path, item.size, _after(first, blocks))


async def _after(first: bytes, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for block in blocks:
        yield block


async def once(data: bytes) -> AsyncIterator[bytes]:
    yield data
