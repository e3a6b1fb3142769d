"""Chunk job: encode a run of segments in every rung, and its storyboard tiles."""

import asyncio
from pathlib import Path

from storage.objects import keys
from transcoder.ffmpeg import command, process
from transcoder.jobs.leases import Claim
from transcoder.packaging.segments import collect_chunk
from transcoder.worker.context import JobLease, WorkerContext
from transcoder.worker.steps.encoded import encoded
from transcoder.worker.steps.outcome import complete


async def run(context: WorkerContext, claim: Claim, lease: JobLease) -> None:
    source, plan = claim.planned()
    if plan.video is None:
        raise ValueError("a chunk job of a lecture without video")
    chunk = plan.video.chunks[claim.number]
    seconds = chunk.frames * plan.video.fps_den / plan.video.fps_num
    async with (
        context.scratch.job_folder(claim.id, claim.fence) as folder,
        encoded(context, claim, lease, folder) as original,
    ):
        encode = command.chunk(context.tools, original, source, plan, chunk, threads=context.threads)
        await process.run(encode, folder, lease.limits(), lease.reporter(seconds))
        lease.encoded.set()
        collected = await asyncio.to_thread(collect_chunk, folder, plan, chunk, claim.fence)
        await lease.put(_stored(collected.files(claim.video_id), claim))
    await complete(context, lease, collected.result)


def _stored(files: dict[str, Path], claim: Claim) -> dict[str, Path]:
    """Files to store: of the init segments, which are equal in all chunks, only the first chunk's."""
    header = "/" + keys.init_name(claim.fence)
    return {key: path for key, path in files.items() if claim.number == 0 or not key.endswith(header)}
