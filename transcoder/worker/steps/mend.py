"""Last step of making parts of a ready revision again: images, verification, and publication in one go.

Until then players get what was published before. New segments have new names, so no cache keeps damaged ones.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog
from sqlalchemy import select

from storage.database.tables import Job, Video
from storage.objects import keys
from storage.objects.store import ObjectMissing
from storage.states import JobKind
from transcoder.ffmpeg import command, process
from transcoder.jobs import api as jobs
from transcoder.jobs import leases, mending
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.media import Digest, FinishResult, Mending, PublishedVideo
from transcoder.packaging import inventory, verify
from transcoder.packaging.inventory import Parts
from transcoder.planning.plan import chunk_tiles
from transcoder.worker.context import JobLease, WorkerContext, with_retries
from transcoder.worker.steps import thumbnails
from transcoder.worker.steps.encoded import encoded
from transcoder.worker.steps.outcome import requeue_lost

log = structlog.get_logger(__name__)


async def run(context: WorkerContext, claim: Claim, lease: JobLease, wanted: Mending) -> None:
    _, plan = claim.planned()
    parts, digests = await _read(context, claim, wanted)
    there = {item.key: item.size async for item in context.store.list(keys.video(claim.video_id))}
    if lost := inventory.lost(claim.video_id, parts, there, with_tiles=False) & set(wanted.parts):
        log.warning("parts missing in the store, requeued", parts=sorted(lost))
        return await requeue_lost(context, claim, lost)
    if findings := verify.whole(plan, parts.chunks, parts.audio):
        return await _do_not_fit(context, claim, wanted, findings)
    async with context.scratch.job_folder(claim.id, claim.fence) as folder:
        await _images(context, claim, lease, folder, wanted)
    result = mending.Mended(
        published=PublishedVideo(chunks=parts.chunks, audio=parts.audio),
        digests=inventory.kept_digests(claim.video_id, plan, parts, {**digests, **lease.digests}),
        unreferenced=inventory.unreferenced(claim.video_id, plan, parts, there),
    )
    await with_retries(lambda: _publish(context, lease, result))


async def _read(context: WorkerContext, claim: Claim, wanted: Mending) -> tuple[Parts, dict[str, Digest]]:
    """What was published with the parts that were made again in its place, and the digests of both."""
    async with context.database.read() as session:
        video = await session.execute(
            select(Video.published, Video.digests).where(Video.id == claim.video_id)
        )
        before = video.one_or_none()
        rows = await session.execute(
            select(Job.kind, Job.number, Job.result, Job.digests).where(
                Job.video_id == claim.video_id, Job.kind.in_((JobKind.CHUNK, JobKind.AUDIO))
            )
        )
        made = {(row.kind, row.number): row for row in rows if (row.kind, row.number) in wanted.parts}
    if before is None:
        raise LeaseLost(claim.id)
    digests = dict(before.digests or {})
    for row in made.values():
        digests |= row.digests or {}
    document = before.published
    results = {part: row.result for part, row in made.items()}
    published = msgspec.convert(mending.with_parts(document, results), PublishedVideo)
    return Parts(published.chunks, published.audio), msgspec.convert(digests, dict[str, Digest])


async def _do_not_fit(
    context: WorkerContext, claim: Claim, wanted: Mending, findings: Sequence[verify.Finding]
) -> None:
    """Make all parts again: another FFmpeg writes another header, and a rendition has one."""
    log.warning("mended parts do not fit to the others", findings=[str(finding) for finding in findings])
    _, plan = claim.planned()
    everything = mending.all_parts(plan)
    if set(everything) <= set(wanted.parts):
        raise mending.DoNotFit("; ".join(map(str, findings)))
    wider = msgspec.structs.replace(wanted, parts=everything)

    async def write() -> Sequence[Job]:
        return await mending.widen(context.database, claim, wider, context.now())

    await jobs.wake(context.queue, await with_retries(write))


async def _images(
    context: WorkerContext, claim: Claim, lease: JobLease, folder: Path, wanted: Mending
) -> None:
    _, plan = claim.planned()
    paths = set(wanted.images)
    if keys.POSTER in paths:
        await thumbnails.poster(context, claim, lease, folder)
    elif keys.THUMBNAIL in paths:
        try:
            await context.store.fetch(keys.poster(claim.video_id), folder / command.POSTER_FILE)
        except ObjectMissing:
            await thumbnails.poster(context, claim, lease, folder)
        else:
            await thumbnails.thumbnail(lease, folder)
    if keys.STORYBOARD in paths:
        await thumbnails.storyboard_index(lease, plan)
    for sheet in range(inventory.sheet_count(plan)):
        if keys.path_in_video(keys.storyboard_sheet(claim.video_id, sheet)) in paths:
            await _sheet(context, claim, lease, folder, sheet)


async def _sheet(context: WorkerContext, claim: Claim, lease: JobLease, folder: Path, number: int) -> None:
    """Storyboard sheet from the original: its tiles were deleted when the lecture was ready."""
    source, plan = claim.planned()
    board = folder / f"sheet{number}"
    board.mkdir()
    wanted = set(inventory.sheet_tiles(plan, number))
    async with encoded(context, claim, lease, folder) as original:
        for chunk in plan.video.chunks if plan.video else ():
            if wanted.intersection(chunk_tiles(plan, chunk)):
                make = command.tiles(context.tools, original, source, plan, chunk)
                await process.run(make, board, lease.limits())
    await thumbnails.sheet(lease, board, number)


async def _publish(context: WorkerContext, lease: JobLease, result: mending.Mended) -> None:
    now, claim = context.now(), lease.claim
    async with context.database.write() as session:
        if await leases.is_complete(session, claim):
            return
        await mending.publish(session, claim, result, _finished(claim, lease), now)


def _finished(claim: Claim, lease: JobLease) -> FinishResult:
    _, plan = claim.planned()
    return FinishResult(
        poster=keys.POSTER in lease.digests,
        sheets=inventory.sheet_count(plan),
        tile_width=plan.storyboard.width if plan.storyboard else 0,
        tile_height=plan.storyboard.height if plan.storyboard else 0,
    )
