"""Check the whole against the plan, make the pictures around it, and put it in the lesson's place."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from sqlalchemy import select

from storage import deletions
from storage.database.tables import Job
from storage.objects import keys
from transcoder.jobs import api as jobs
from transcoder.jobs import leases, revisions
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.media import AudioResult, ChunkResult, FinishResult
from transcoder.packaging import playlist, verify
from transcoder.planning.plan import Plan
from transcoder.worker.context import JobLease, WorkerContext, patiently
from transcoder.worker.steps import inventory, thumbnails
from transcoder.worker.steps.inventory import Part, Parts

log = structlog.get_logger(__name__)


async def run(context: WorkerContext, claim: Claim, lease: JobLease) -> None:
    _, plan = claim.planned()
    parts = await _parts(context, claim)
    there = {item.key: item.size async for item in context.store.list(keys.video(claim.video_id))}
    if lost := inventory.lost(claim.video_id, parts, there):
        log.warning("parts are not in the store as they were put there: once more", parts=sorted(lost))
        return await _make_again(context, claim, lost)
    if findings := verify.whole(plan, parts.chunks, parts.audio):
        return await _begin_anew(context, claim, findings)
    async with context.scratch.job_folder(claim.id, claim.fence) as folder, asyncio.TaskGroup() as both:
        poster = both.create_task(thumbnails.poster(context, claim, lease, folder))
        sheets = both.create_task(thumbnails.storyboard(context, claim, lease, folder, parts.chunks))
    result = FinishResult(
        poster=poster.result(),
        sheets=sheets.result(),
        tile_width=plan.storyboard.width if plan.storyboard else 0,
        tile_height=plan.storyboard.height if plan.storyboard else 0,
    )
    useless = inventory.useless(claim.video_id, plan, parts, there)
    await patiently(lambda: _publish(context, claim, result, variants(plan, parts), useless))


async def _parts(context: WorkerContext, claim: Claim) -> Parts:
    async with context.database.read() as session:
        rows = await session.execute(
            select(Job.kind, Job.result)
            .where(Job.video_id == claim.video_id, Job.kind.in_(("chunk", "audio")))
            .order_by(Job.number)
        )
        results = rows.all()
    chunks = tuple(msgspec.convert(row.result, ChunkResult) for row in results if row.kind == "chunk")
    audio = [msgspec.convert(row.result, AudioResult) for row in results if row.kind == "audio"]
    return Parts(chunks=chunks, audio=audio[0] if audio else None)


async def _make_again(context: WorkerContext, claim: Claim, lost: set[Part]) -> None:
    """A store that lost something costs another attempt at those parts, not the lecture."""

    async def write() -> Sequence[Job]:
        now = context.now()
        async with context.database.write() as session:
            video = await revisions.lock(session, claim.video_id)
            if video is None:
                raise LeaseLost(claim.id)
            await leases.withdraw(session, claim)
            return await revisions.reopen(session, video, lost, now)

    await jobs.wake(context.queue, await patiently(write))


async def _begin_anew(context: WorkerContext, claim: Claim, findings: Sequence[verify.Finding]) -> None:
    """Every part is good by itself and they do not fit: a retry makes all of them again."""
    log.error("the parts do not make the planned whole", findings=[str(finding) for finding in findings])
    sentence = (
        f"The encoded parts do not fit together ({findings[0]}). Press Retry to encode all of them again."
    )

    async def write() -> None:
        now = context.now()
        async with context.database.write() as session:
            video = await revisions.lock(session, claim.video_id)
            if video is None:
                raise LeaseLost(claim.id)
            await leases.withdraw(session, claim)
            await revisions.spoil(session, video, now)
            await revisions.fail(session, video, sentence, now)

    await patiently(write)


def variants(plan: Plan, parts: Parts) -> list[dict[str, Any]]:
    """As lessons.video_quality_variants has them: measured, best first."""
    audio = parts.audio
    sound = playlist.measure(playlist.segment_rates([audio.part])) if audio else playlist.Bandwidth(0, 0)
    return [
        {
            "name": rung.name,
            "width": rung.width,
            "height": rung.height,
            "bandwidth": (
                playlist.measure(playlist.segment_rates(playlist.rendition_parts(parts.chunks, rung.name)))
                + sound
            ).peak,
        }
        for rung in (plan.video.rungs if plan.video else ())
    ]


async def _publish(
    context: WorkerContext,
    claim: Claim,
    result: FinishResult,
    measured: list[dict[str, Any]],
    useless: Sequence[str],
) -> None:
    """The swap: one transaction. What is of no use any more is noted in it and removed later."""
    now = context.now()
    async with context.database.write() as session:
        video = await revisions.lock(session, claim.video_id)
        if video is None:
            raise LeaseLost(claim.id)
        if await leases.is_complete(session, claim):
            return
        await leases.complete(session, claim, result, now)
        await revisions.publish(session, video, measured, poster=result.poster, now=now)
        await deletions.schedule(session, useless, now)
