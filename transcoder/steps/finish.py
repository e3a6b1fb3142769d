"""Check the whole against the plan, make the pictures around it, and put it in the lesson's place."""

from pathlib import Path
from typing import Any

import msgspec
import structlog
from sqlalchemy import select

from storage import deletions
from storage.database.tables import Job
from storage.objects import keys
from storage.objects.store import StoreError
from transcoder import check, claims, command, playlist, process, revisions
from transcoder.claims import Claim, LostClaim
from transcoder.media import AudioResult, ChunkResult, FinishResult, RenditionPart
from transcoder.plan import TILES_IN_SHEET, Plan
from transcoder.workshop import Held, Workshop, patiently

log = structlog.get_logger(__name__)


async def run(shop: Workshop, claim: Claim, held: Held) -> None:
    _, plan = claim.planned()
    chunks, audio = await _results(shop, claim)
    check.whole(plan, chunks, audio)
    async with shop.scratch.job_folder(claim.id, claim.fence) as folder:
        poster = await _poster(shop, claim, held, folder) if plan.video else False
        sheets = await _sheets(shop, claim, held, folder, chunks) if plan.storyboard else 0
    unnamed = await _unnamed(shop, claim, plan, chunks, audio)
    result = FinishResult(
        poster=poster,
        sheets=sheets,
        tile_width=plan.storyboard.width if plan.storyboard else 0,
        tile_height=plan.storyboard.height if plan.storyboard else 0,
    )
    await patiently(lambda: _publish(shop, claim, result, _variants(plan, chunks, audio), unnamed))
    try:
        await deletions.carry_out(shop.database, shop.store, shop.now())
    except StoreError as error:  # noted in the database: the scheduler comes back to it
        log.warning("objects of no use stay for now", error=str(error))


async def _results(shop: Workshop, claim: Claim) -> tuple[list[ChunkResult], AudioResult | None]:
    async with shop.database.read() as session:
        rows = await session.execute(
            select(Job.kind, Job.result).where(Job.video_id == claim.video_id).order_by(Job.number)
        )
        results = rows.all()
    chunks = [msgspec.convert(row.result, ChunkResult) for row in results if row.kind == "chunk"]
    audio = [msgspec.convert(row.result, AudioResult) for row in results if row.kind == "audio"]
    return chunks, audio[0] if audio else None


async def _poster(shop: Workshop, claim: Claim, held: Held, folder: Path) -> bool:
    source, plan = claim.planned()
    async with shop.scratch.original(shop.store, claim.encoded_key, claim.source_bytes) as original:
        await process.run(command.poster(shop.tools, original, source, plan), folder, held.limits())
    await shop.store.adopt_file(keys.poster(claim.video_id), folder / command.POSTER_FILE, "image/jpeg")
    return True


async def _sheets(shop: Workshop, claim: Claim, held: Held, folder: Path, chunks: list[ChunkResult]) -> int:
    """Tiles in groups of a hundred, each group one picture."""
    _, plan = claim.planned()
    takes = {tile: chunk.take for chunk in chunks for tile in chunk.tiles}
    numbers = sorted(takes)
    sheets = range(0, len(numbers), TILES_IN_SHEET)
    for sheet, first in enumerate(sheets):
        board = folder / f"sheet{sheet}"
        board.mkdir()
        for place, tile in enumerate(numbers[first : first + TILES_IN_SHEET]):
            await shop.store.fetch(
                keys.tile(claim.video_id, tile, takes[tile]), board / (command.TILE_PATTERN % place)
            )
        await process.run(command.sheet(shop.tools, plan), board, held.limits())
        await shop.store.adopt_file(
            keys.storyboard_sheet(claim.video_id, sheet), board / command.SHEET_FILE, "image/jpeg"
        )
    index = playlist.storyboard(plan).encode()
    await shop.store.put_bytes(keys.storyboard_index(claim.video_id), index, "text/vtt")
    return len(sheets)


async def _unnamed(
    shop: Workshop, claim: Claim, plan: Plan, chunks: list[ChunkResult], audio: AudioResult | None
) -> list[str]:
    """What attempts that do not count have left, and what was only needed on the way."""
    video_id, tiles = claim.video_id, keys.tiles(claim.video_id)
    named = {keys.poster(video_id), keys.storyboard_index(video_id)}
    named |= {keys.storyboard_sheet(video_id, sheet) for sheet in range(_sheet_count(plan))}
    for parts in _renditions(chunks, audio):
        named.add(keys.init(video_id, parts[0].rendition, parts[0].take))
        named |= {
            keys.segment(video_id, part.rendition, segment.number, part.take)
            for part in parts
            for segment in part.segments
        }
    there = [info.key async for info in shop.store.list(keys.video(video_id))]
    return [tiles, *(key for key in there if key not in named and not key.startswith(tiles))]


def _renditions(chunks: list[ChunkResult], audio: AudioResult | None) -> list[list[RenditionPart]]:
    rungs = [part.rendition for part in chunks[0].parts] if chunks else []
    parts = [list(playlist.rendition_parts(chunks, rung)) for rung in rungs]
    return [*parts, *([[audio.part]] if audio else [])]


def _sheet_count(plan: Plan) -> int:
    return -(-plan.storyboard.tiles // TILES_IN_SHEET) if plan.storyboard else 0


def _variants(plan: Plan, chunks: list[ChunkResult], audio: AudioResult | None) -> list[dict[str, Any]]:
    """As lessons.video_quality_variants has them: measured, best first."""
    sound = playlist.measure(playlist.segment_rates([audio.part])) if audio else playlist.Bandwidth(0, 0)
    return [
        {
            "name": rung.name,
            "width": rung.width,
            "height": rung.height,
            "bandwidth": (
                playlist.measure(playlist.segment_rates(playlist.rendition_parts(chunks, rung.name))) + sound
            ).peak,
        }
        for rung in (plan.video.rungs if plan.video else ())
    ]


async def _publish(
    shop: Workshop, claim: Claim, result: FinishResult, variants: list[dict[str, Any]], unnamed: list[str]
) -> None:
    """The swap: one transaction."""
    now = shop.now()
    async with shop.database.write() as session:
        video = await revisions.lock(session, claim.video_id)
        if video is None:
            raise LostClaim(claim.id)
        if await claims.is_complete(session, claim):
            return
        await claims.complete(session, claim, result, now)
        await revisions.publish(session, video, variants, poster=result.poster, now=now)
        await deletions.mark(session, unnamed, now)
