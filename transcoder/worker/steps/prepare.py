"""Prepare job: probe the original, plan the encoding and create the other jobs."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from storage.database.tables import Job
from storage.messages import N_, byte_size
from storage.objects import keys
from storage.states import RevisionState
from transcoder.jobs import api as jobs
from transcoder.jobs import leases, revisions
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.jobs.queue import QUICK, TRANSCODE
from transcoder.media import Source
from transcoder.planning.cost import job_cost
from transcoder.planning.plan import Plan, make_plan
from transcoder.source.normalising import normalised
from transcoder.source.probe import inspect
from transcoder.worker.context import JobLease, WorkerContext, with_retries
from transcoder.worker.scratch import NoRoom

ROOM = 4  # times the original: spec section 6


async def run(context: WorkerContext, claim: Claim, lease: JobLease) -> None:
    await _check_room(context, claim)
    async with (
        context.scratch.original(context.store, claim.source_key, claim.source_bytes) as original,
        context.scratch.job_folder(claim.id, claim.fence) as folder,
    ):
        source = await inspect(context.tools, original, folder)
        if not source.seekable:
            source = await _normalise(context, claim, lease, original, source, folder)
    plan = make_plan(source)
    laid_out = await with_retries(lambda: _lay_out(context, claim, source, plan))
    await jobs.wake(context.queue, laid_out)


async def _check_room(context: WorkerContext, claim: Claim) -> None:
    """Check free space before encoding. A store that does not report it is assumed to have enough."""
    free = await context.store.free_bytes()
    room = min(context.scratch.free_bytes(), free if free is not None else claim.source_bytes * ROOM)
    if room < claim.source_bytes * ROOM:
        raise NoRoom(
            N_(
                "There is not enough disk space to encode this lecture: %(needed)s are needed and %(free)s "
                "are free. It goes on by itself as soon as there is: ask the administrator to free space."
            ),
            needed=byte_size(claim.source_bytes * ROOM),
            free=byte_size(room),
        )


async def _normalise(
    context: WorkerContext, claim: Claim, lease: JobLease, original: Path, source: Source, folder: Path
) -> Source:
    """Remux an original without an index into an indexed file, because chunks start with a seek."""
    copy = await normalised(context.tools, original, source, folder, lease.limits())
    indexed = await inspect(context.tools, copy, folder)
    await context.store.adopt_file(keys.normalised(claim.video_id), copy, "video/x-matroska")
    return msgspec.structs.replace(indexed, normalised=True)


async def _lay_out(context: WorkerContext, claim: Claim, source: Source, plan: Plan) -> list[Job]:
    now = context.now()
    async with context.database.write() as session:
        video = await revisions.lock(session, claim.video_id)
        if video is None:
            raise LeaseLost(claim.id)
        if await leases.is_complete(session, claim):
            return []
        await leases.complete(session, claim, {}, now)
        video.source, video.plan = msgspec.to_builtins(source), msgspec.to_builtins(plan)
        video.state = RevisionState.ENCODING
        laid_out = [
            Job(
                video_id=video.id,
                kind=kind,
                number=number,
                queue=queue,
                queued_at=now,
                cost=job_cost(plan, kind, number),
            )
            for kind, number, queue in _parts(plan)
        ]
        session.add_all(laid_out)
    return laid_out


def _parts(plan: Plan) -> Iterator[tuple[str, int, str]]:
    """Kind, number and queue of the jobs, those that make the lecture playable first."""
    chunks = plan.video.chunks if plan.video else ()
    if chunks:
        yield "chunk", 0, QUICK
    if plan.audio:
        yield "audio", 0, QUICK
    for chunk in chunks[1:]:
        yield "chunk", chunk.number, TRANSCODE
