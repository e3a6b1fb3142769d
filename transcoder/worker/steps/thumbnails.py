"""Poster of a lecture, its thumbnail for lists, and its storyboard, which a player shows while seeking."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog

from storage.objects import keys
from transcoder.ffmpeg import command, process
from transcoder.ffmpeg.process import ProcessFailed
from transcoder.jobs.leases import Claim
from transcoder.media import ChunkResult
from transcoder.packaging import playlist
from transcoder.packaging.inventory import sheet_count, sheet_tiles
from transcoder.planning.plan import Plan
from transcoder.worker.context import JobLease, WorkerContext
from transcoder.worker.steps.encoded import encoded

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
    async with encoded(context, claim, lease, folder) as original:
        for at in (None, 0.0):  # falls back to the first keyframe
            make = command.poster(context.tools, original, source, at=at)
            try:
                await process.run(make, folder, lease.limits())
            except ProcessFailed as error:
                log.warning("poster failed", at=at, error=str(error))
            if image.exists():
                await thumbnail(lease, folder)
                await lease.put_image(keys.poster(claim.video_id), image)
                return True
    return False


async def thumbnail(lease: JobLease, folder: Path) -> bool:
    """Thumbnail of the poster in the folder, in the best quality that fits THUMBNAIL_BYTES.

    When it fails, lists show the poster.
    """
    image = folder / command.THUMBNAIL_FILE
    try:
        for side, quality in RENDITIONS:
            make = command.thumbnail(lease.context.tools, side, quality)
            await process.run(make, folder, lease.limits())
            if image.stat().st_size <= THUMBNAIL_BYTES:
                break
    except (ProcessFailed, FileNotFoundError) as error:
        log.warning("thumbnail failed", error=str(error))
        return False
    await lease.put_image(keys.thumbnail(lease.claim.video_id), image)
    return True


async def storyboard(
    context: WorkerContext, claim: Claim, lease: JobLease, folder: Path, chunks: Sequence[ChunkResult]
) -> int:
    """Make the storyboard from the stored tiles; returns the number of its sheets of a hundred tiles."""
    _, plan = claim.planned()
    attempts = {tile: chunk.attempt for chunk in chunks for tile in chunk.tiles}
    for number in range(sheet_count(plan)):
        board = folder / f"sheet{number}"
        board.mkdir()
        tiles = sheet_tiles(plan, number)
        await _fetch(context, {keys.tile(claim.video_id, n, attempts[n]): board / _name(n) for n in tiles})
        await sheet(lease, board, number)
    if plan.storyboard is not None:
        await storyboard_index(lease, plan)
    return sheet_count(plan)


async def sheet(lease: JobLease, board: Path, number: int) -> None:
    """Sheet of the tiles in the folder."""
    await process.run(command.sheet(lease.context.tools, number), board, lease.limits())
    await lease.put_image(keys.storyboard_sheet(lease.claim.video_id, number), board / command.SHEET_FILE)


async def storyboard_index(lease: JobLease, plan: Plan) -> None:
    await lease.put_text(keys.storyboard_index(lease.claim.video_id), playlist.storyboard(plan))


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
