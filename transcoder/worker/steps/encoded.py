"""File that the encoders read: the original, or its indexed copy."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage.objects import keys
from transcoder.jobs.leases import Claim
from transcoder.source.normalising import normalised
from transcoder.source.probe import inspect
from transcoder.worker.context import JobLease, WorkerContext


@asynccontextmanager
async def encoded(context: WorkerContext, claim: Claim, lease: JobLease, folder: Path) -> AsyncIterator[Path]:
    """Complete local file, locked against eviction while in use. Raises as `Scratch.original`.

    The indexed copy is deleted when a lecture is ready, and made again from the original when parts are.
    """
    if claim.mending is not None and claim.encoded_key != claim.source_key:
        await _index_again(context, claim, lease, folder)
    async with context.scratch.original(context.store, claim.encoded_key, claim.source_bytes) as path:
        yield path


async def _index_again(context: WorkerContext, claim: Claim, lease: JobLease, folder: Path) -> None:
    if await context.store.stat(claim.encoded_key) is not None:
        return
    place = folder / "original"
    place.mkdir()
    async with context.scratch.original(context.store, claim.source_key, claim.source_bytes) as original:
        source = await inspect(context.tools, original, place)
        copy = await normalised(context.tools, original, source, place, lease.limits())
        await store_indexed(context, claim, copy)


async def store_indexed(context: WorkerContext, claim: Claim, copy: Path) -> None:
    await context.store.adopt_file(keys.normalised(claim.video_id), copy, "video/x-matroska")
