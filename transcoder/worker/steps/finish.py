"""Finish job: verify all parts, make poster and storyboard, and publish the revision."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from sqlalchemy import select

from storage import deletions
from storage.database.tables import Job
from storage.messages import message
from storage.objects import keys
from storage.states import JobKind
from transcoder.jobs import leases, revisions
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.media import AudioResult, ChunkResult, FinishResult
from transcoder.packaging import inventory, playlist, verify
from transcoder.packaging.inventory import Parts
from transcoder.source import failures
from transcoder.worker.context import JobLease, WorkerContext, with_retries
from transcoder.worker.steps import mend, thumbnails
from transcoder.worker.steps.outcome import requeue_lost

log = structlog.get_logger(__name__)


async def run(context: WorkerContext, claim: Claim, lease: JobLease) -> None:
    if claim.mending is not None:
        return await mend.run(context, claim, lease, claim.mending)
    _, plan = claim.planned()
    parts = await _parts(context, claim)
    there = {item.key: item.size async for item in context.store.list(keys.video(claim.video_id))}
    if lost := inventory.lost(claim.video_id, parts, there):
        log.warning("parts missing in the store, requeued", parts=sorted(lost))
        return await requeue_lost(context, claim, lost)
    if findings := verify.whole(plan, parts.chunks, parts.audio):
        return await _fail_verification(context, claim, findings)
    async with context.scratch.job_folder(claim.id, claim.fence) as folder, asyncio.TaskGroup() as both:
        poster = both.create_task(thumbnails.poster(context, claim, lease, folder))
        sheets = both.create_task(thumbnails.storyboard(context, claim, lease, folder, parts.chunks))
    result = FinishResult(
        poster=poster.result(),
        sheets=sheets.result(),
        tile_width=plan.storyboard.width if plan.storyboard else 0,
        tile_height=plan.storyboard.height if plan.storyboard else 0,
    )
    unreferenced = inventory.unreferenced(claim.video_id, plan, parts, there)
    measured = playlist.variants(plan, parts.chunks, parts.audio)
    await with_retries(lambda: _publish(context, lease, result, measured, unreferenced))


async def _parts(context: WorkerContext, claim: Claim) -> Parts:
    async with context.database.read() as session:
        rows = await session.execute(
            select(Job.kind, Job.result)
            .where(Job.video_id == claim.video_id, Job.kind.in_((JobKind.CHUNK, JobKind.AUDIO)))
            .order_by(Job.number)
        )
        results = rows.all()
    chunks = tuple(msgspec.convert(row.result, ChunkResult) for row in results if row.kind == JobKind.CHUNK)
    audio = [msgspec.convert(row.result, AudioResult) for row in results if row.kind == JobKind.AUDIO]
    return Parts(chunks=chunks, audio=audio[0] if audio else None)


async def _fail_verification(
    context: WorkerContext, claim: Claim, findings: Sequence[verify.Finding]
) -> None:
    """Fail the revision because valid parts do not fit together; a retry encodes all of them again."""
    log.error("verification failed", findings=[str(finding) for finding in findings])
    told = message(failures.DO_NOT_FIT, finding=str(findings[0]))

    async def write() -> None:
        now = context.now()
        async with context.database.write() as session:
            video = await revisions.lock(session, claim.video_id)
            if video is None:
                raise LeaseLost(claim.id)
            await leases.delete_job(session, claim)
            await revisions.discard_results(session, video, now)
            await revisions.fail(session, video, told, now)

    await with_retries(write)


async def _publish(
    context: WorkerContext,
    lease: JobLease,
    result: FinishResult,
    measured: list[dict[str, Any]],
    unreferenced: Sequence[str],
) -> None:
    """Publish the revision in one transaction, which also schedules unreferenced objects for deletion."""
    claim, now = lease.claim, context.now()
    async with context.database.write() as session:
        video = await revisions.lock(session, claim.video_id)
        if video is None:
            raise LeaseLost(claim.id)
        if await leases.is_complete(session, claim):
            return
        await leases.complete(session, claim, result, now, lease.digests)
        await revisions.publish(session, video, measured, poster=result.poster, now=now)
        await deletions.schedule(session, unreferenced, now)
