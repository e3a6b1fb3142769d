"""Is what was encoded what was planned? Pure: from the figures of the parts, before they are published.

`cutting` has looked at every frame when it was made; this looks at the parts beside each other.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from transcoder.media import AudioResult, ChunkResult, RenditionPart, Segment
from transcoder.packaging.playlist import rendition_parts
from transcoder.planning.plan import AAC_FRAME, Chunk, Plan, VideoPlan, chunk_tiles


class Finding(msgspec.Struct, frozen=True):
    rendition: str  # or what else it is about
    says: str  # a sentence without its full stop

    def __str__(self) -> str:
        return f"{self.rendition}: {self.says}"


def whole(plan: Plan, chunks: Sequence[ChunkResult], audio: AudioResult | None) -> list[Finding]:
    """What would not play as planned, worst first; empty when all is well. All chunks, in their order."""
    found: list[Finding] = []
    planned = plan.video.chunks if plan.video else ()
    if len(chunks) != len(planned):
        found.append(Finding("picture", f"{len(chunks)} chunks where {len(planned)} were planned"))
    if plan.video:
        for chunk, result in zip(planned, chunks, strict=False):
            found += _chunk(plan, plan.video, chunk, result)
        for rung in plan.video.rungs:
            found += _one_header(rung.name, rendition_parts(chunks, rung.name))
    return found + list(_audio(plan, audio))


def _chunk(plan: Plan, video: VideoPlan, chunk: Chunk, result: ChunkResult) -> Iterator[Finding]:
    names = [part.rendition for part in result.parts]
    if names != [rung.name for rung in video.rungs]:
        yield Finding("picture", f"chunk {chunk.number} was made as {', '.join(names) or 'nothing'}")
    if result.tiles != chunk_tiles(plan, chunk):
        yield Finding("storyboard", f"chunk {chunk.number} has other frames than planned")
    for part in result.parts:
        if part.timescale != video.timescale or part.frames != chunk.frames:
            yield Finding(part.rendition, f"chunk {chunk.number} has {part.frames} of {chunk.frames} frames")
        expected = _grid(chunk.first_segment, chunk.frames, video.segment_frames, video.frame_ticks)
        yield from _segments(part, expected)
        yield from _keyframes(part, video.gop_frames * video.frame_ticks)


def _audio(plan: Plan, audio: AudioResult | None) -> Iterator[Finding]:
    if (plan.audio is None) != (audio is None):
        yield Finding("audio", "there is sound" if audio else "the sound is missing")
    if plan.audio is None or audio is None:
        return
    if not audio.complete or audio.part.frames != plan.audio.frames:
        yield Finding("audio", f"{audio.part.frames} of {plan.audio.frames} frames are there")
    yield from _segments(audio.part, _grid(0, plan.audio.frames, plan.audio.segment_frames, AAC_FRAME))


def _grid(first: int, frames: int, segment_frames: int, ticks: int) -> list[tuple[int, int]]:
    """Number and duration of each segment: all full but the last."""
    starts = [*range(0, frames, segment_frames), frames]
    return [(first + n, (end - start) * ticks) for n, (start, end) in enumerate(pairwise(starts))]


def _segments(part: RenditionPart, expected: list[tuple[int, int]]) -> Iterator[Finding]:
    """The same grid in every rung is the plan's grid in each."""
    made = [(segment.number, segment.duration) for segment in part.segments]
    if made != expected:
        wrong = next((n for n, _ in sorted({*made} ^ {*expected})), expected[0][0])
        yield Finding(part.rendition, f"segment {wrong} is missing, doubled or of another length")
    if empty := [segment.number for segment in part.segments if segment.bytes <= 0]:
        yield Finding(part.rendition, f"segment {empty[0]} is empty")


def _keyframes(part: RenditionPart, ticks: int) -> Iterator[Finding]:
    for segment in part.segments:
        if [time for _, _, time in segment.keyframes] != list(range(0, segment.duration, ticks)):
            yield Finding(part.rendition, f"segment {segment.number} has keyframes off the grid")
        elif not _inside(segment):
            yield Finding(part.rendition, f"segment {segment.number} has keyframes beyond its end")


def _inside(segment: Segment) -> bool:
    starts = [*(offset for offset, _, _ in segment.keyframes), segment.bytes]
    return all(
        0 < size <= after - offset
        for (offset, size, _), after in zip(segment.keyframes, starts[1:], strict=True)
    )


def _one_header(rendition: str, parts: Iterable[RenditionPart]) -> Iterator[Finding]:
    """One header serves the whole rendition: a second one would be a visible jump."""
    if len({(part.init_sha256, part.codecs) for part in parts}) > 1:
        yield Finding(rendition, "workers have written different headers: give all the same FFmpeg")
