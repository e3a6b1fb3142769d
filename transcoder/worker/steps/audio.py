"""Audio job: encode the audio, unchunked, and publish its segments meanwhile."""

import asyncio
from pathlib import Path
from time import monotonic

from transcoder.ffmpeg import command, process
from transcoder.jobs.leases import Claim
from transcoder.media import AudioResult
from transcoder.packaging.segments import collect_audio
from transcoder.planning.plan import Plan, require
from transcoder.source import probe
from transcoder.worker.context import JobLease, WorkerContext
from transcoder.worker.steps.outcome import complete, publish_more

LOOK_SECONDS = 0.2  # poll interval; short, because playback waits for the first segment
PUBLISH_SECONDS = 3.0  # between later publications: the encoder is far ahead of playback


async def run(context: WorkerContext, claim: Claim, lease: JobLease) -> None:
    source, plan = claim.planned()
    require(plan.audio)
    async with (
        context.scratch.original(context.store, claim.encoded_key, claim.source_bytes) as original,
        context.scratch.job_folder(claim.id, claim.fence) as folder,
    ):
        heard = await probe.hear(context.tools, original, source, folder)
        encode = command.audio(context.tools, original, source, plan, heard)
        output = _Growing(context, claim, lease, plan, folder)
        running = process.run(encode, folder, lease.limits(), lease.reporter(plan.duration))
        encoder = asyncio.create_task(running)
        try:
            while not (await asyncio.wait((encoder,), timeout=LOOK_SECONDS))[0]:
                await output.publish_if_due()
            await encoder
        finally:
            encoder.cancel()
            await asyncio.wait((encoder,))
        result = await output.collect(complete=True)
    await complete(context, claim, result)


class _Growing:
    """Audio output while it is encoded: segments collected, stored and published so far."""

    def __init__(
        self, context: WorkerContext, claim: Claim, lease: JobLease, plan: Plan, folder: Path
    ) -> None:
        self.context, self.claim, self.lease = context, claim, lease
        self._plan, self._folder = plan, folder
        self._collected: AudioResult | None = None
        self._published = _segments(claim.result)  # may be in playback
        self._next = monotonic()

    async def collect(self, *, complete: bool) -> AudioResult:
        """Store the segments that are complete by now."""
        known = self._collected.part if self._collected else None
        collected = await asyncio.to_thread(
            collect_audio, self._folder, self._plan, self.claim.fence, known, complete=complete
        )
        await self.lease.put(collected.files(self.claim.video_id))
        self._collected = collected.result
        return collected.result

    async def publish_if_due(self) -> None:
        """Publish new segments; a second attempt only beyond those of the first: playlists never shrink."""
        if monotonic() < self._next:
            return
        result = await self.collect(complete=False)
        if len(result.part.segments) > self._published:
            await publish_more(self.context, self.claim, result)
            self.lease.keep()
            self._published = len(result.part.segments)
            self._next = monotonic() + PUBLISH_SECONDS


def _segments(result: dict[str, object] | None) -> int:
    """Number of segments published by an earlier attempt."""
    part = (result or {}).get("part")
    return len(part["segments"]) if isinstance(part, dict) else 0
