"""Encode a run of segments in every rung, and the storyboard frames that lie in it."""

import asyncio
from pathlib import Path

from storage.objects import keys
from transcoder.ffmpeg import command, process
from transcoder.jobs.leases import Claim
from transcoder.packaging.segments import collect_chunk
from transcoder.worker.context import Held, Workshop
from transcoder.worker.steps.outcome import complete


async def run(shop: Workshop, claim: Claim, held: Held) -> None:
    source, plan = claim.planned()
    if plan.video is None:
        raise ValueError("a chunk of a lecture without a picture")
    chunk = plan.video.chunks[claim.number]
    seconds = chunk.frames * plan.video.fps_den / plan.video.fps_num
    async with (
        shop.scratch.original(shop.store, claim.encoded_key, claim.source_bytes) as original,
        shop.scratch.job_folder(claim.id, claim.fence) as folder,
    ):
        encode = command.chunk(shop.tools, original, source, plan, chunk, threads=shop.threads)
        await process.run(encode, folder, held.limits(), held.reporter(seconds))
        held.encoded.set()
        collected = await asyncio.to_thread(collect_chunk, folder, plan, chunk, claim.fence)
        await held.put(_stored(collected.files(claim.video_id), claim))
    await complete(shop, claim, collected.result)


def _stored(files: dict[str, Path], claim: Claim) -> dict[str, Path]:
    """Every chunk of a rung has the same header: the playlists name that of the first."""
    header = "/" + keys.init_name(claim.fence)
    return {key: path for key, path in files.items() if claim.number == 0 or not key.endswith(header)}
