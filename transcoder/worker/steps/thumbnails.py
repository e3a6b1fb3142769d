"""Poster of a lecture, its thumbnail for lists, and its storyboard, which a player shows while seeking."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog

from storage.objects import keys
from transcoder.ffmpeg import command, process
from transcoder.ffmpeg.process import Limits, ProcessFailed
from transcoder.jobs.leases import Claim
from transcoder.media import ChunkResult
from transcoder.packaging import playlist
from transcoder.planning.plan import TILES_IN_SHEET
from transcoder.worker.context import TYPES, JobLease, WorkerContext
from transcoder.worker.steps.inventory import sheet_count

log = structlog.get_logger(__name__)

FETCHES_AT_ONCE = 8  # tiles fetched from the store at once
THUMBNAIL_BYTES = 15_000  # a list shows dozens of them
# Longer edge in pixels and quality of a JPEG, best first. The last fits even for noise.
RENDITIONS = ((480, 4), (480, 8), (480, 14), (480, 22), (320, 22), (160, 31))


async def poster(context: WorkerContext, claim: Claim, lease: JobLease, folder: Path) -> bool:
    """Make the poster and its thumbnail; False when it fails, as a lecture is published without one."""
    source, plan = claim.planned()
    if plan.video is None:
        return False
    image = folder / command.POSTER_FILE
    async with context.scratch.original(context.store, claim.encoded_key, claim.source_bytes) as original:
        for at in (None, 0.0):  # falls back to the first keyframe
            make = command.poster(context.tools, original, source, at=at)
            try:
                await process.run(make, folder, lease.limits())
            except ProcessFailed as error:
                log.warning("poster failed", at=at, error=str(error))
            if image.exists():
                await thumbnail(context, claim.video_id, folder, lease.limits())
                await _put(context, keys.poster(claim.video_id), image)
                return True
    return False


async def thumbnail(context: WorkerContext, video_id: str, folder: Path, limits: Limits) -> None:
    """Thumbnail of the poster in the folder, in the best quality that fits THUMBNAIL_BYTES.

    When it fails, lists show the poster.
    """
    image = folder / command.THUMBNAIL_FILE
    try:
        for side, quality in RENDITIONS:
            await process.run(command.thumbnail(context.tools, side, quality), folder, limits)
            if image.stat().st_size <= THUMBNAIL_BYTES:
                break
    except (ProcessFailed, FileNotFoundError) as error:
        log.warning("thumbnail failed", error=str(error))
        return
    await _put(context, keys.thumbnail(video_id), image)


async def storyboard(
    context: WorkerContext, claim: Claim, lease: JobLease, folder: Path, chunks: Sequence[ChunkResult]
) -> int:
    """Make the storyboard; returns the number of its sheets of a hundred tiles."""
    _, plan = claim.planned()
    if plan.storyboard is None:
        return 0
    attempts = {tile: chunk.attempt for chunk in chunks for tile in chunk.tiles}
    for number in range(sheet_count(plan)):
        board = folder / f"sheet{number}"
        board.mkdir()
        first = number * TILES_IN_SHEET
        tiles = range(first, min(first + TILES_IN_SHEET, plan.storyboard.tiles))
        await _fetch(context, {keys.tile(claim.video_id, n, attempts[n]): board / _name(n) for n in tiles})
        await process.run(command.sheet(context.tools, number), board, lease.limits())
        await _put(context, keys.storyboard_sheet(claim.video_id, number), board / command.SHEET_FILE)
    index = playlist.storyboard(plan).encode()
    await context.store.put_bytes(keys.storyboard_index(claim.video_id), index, TYPES[".vtt"])
    return sheet_count(plan)


def _name(tile: int) -> str:
    return command.TILE_PATTERN % tile


async def _fetch(context: WorkerContext, wanted: dict[str, Path]) -> None:
    limit = asyncio.Semaphore(FETCHES_AT_ONCE)

    async def fetch(key: str, to: Path) -> None:
        async with limit:
            await context.store.fetch(key, to)

    async with asyncio.TaskGroup() as group:
        for key, to in wanted.items():
            group.create_task(fetch(key, to))


async def _put(context: WorkerContext, key: str, path: Path) -> None:
    await context.store.adopt_file(key, path, TYPES[path.suffix])
