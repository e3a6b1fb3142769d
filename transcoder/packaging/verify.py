"""Verification of the encoded parts against the plan, before a revision is published. Pure.

`segmenter` has checked every frame of each part; this checks that the parts fit together.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from transcoder.media import AudioResult, ChunkResult, RenditionPart, Segment
from transcoder.packaging.playlist import rendition_parts
from transcoder.planning.plan import AAC_FRAME, Chunk, Plan, VideoPlan, chunk_tiles


class Finding(msgspec.Struct, frozen=True):
    rendition: str  # or another subject: "video", "storyboard"
    says: str  # a sentence without its full stop

    def __str__(self) -> str:
        return f"{self.rendition}: {self.says}"


def whole(plan: Plan, chunks: Sequence[ChunkResult], audio: AudioResult | None) -> list[Finding]:
    """Deviations from the plan, worst first; empty when there are none. `chunks`: all, in order."""
    found: list[Finding] = []
    planned = plan.video.chunks if plan.video else ()
    if len(chunks) != len(planned):
        found.append(Finding("video", f"{len(chunks)} chunks where {len(planned)} were planned"))
    if plan.video:
        for chunk, result in zip(planned, chunks, strict=False):
            found += _chunk(plan, plan.video, chunk, result)
        for rung in plan.video.rungs:
            found += _one_header(rung.name, rendition_parts(chunks, rung.name))
    return found + list(_audio(plan, audio))


def _chunk(plan: Plan, video: VideoPlan, chunk: Chunk, result: ChunkResult) -> Iterator[Finding]:
    names = [part.rendition for part in result.parts]
    if names != [rung.name for rung in video.rungs]:
        yield Finding("video", f"chunk {chunk.number} was encoded as {', '.join(names) or 'nothing'}")
    if result.tiles != chunk_tiles(plan, chunk):
        yield Finding("storyboard", f"chunk {chunk.number} has other tiles than planned")
    for part in result.parts:
        if part.timescale != video.timescale or part.frames != chunk.frames:
            yield Finding(part.rendition, f"chunk {chunk.number} has {part.frames} of {chunk.frames} frames")
        expected = _grid(
            chunk.first_segment, chunk.segments, chunk.frames, video.segment_frames, video.frame_ticks
        )
        yield from _segments(part, expected)
        yield from _keyframes(part, video.gop_frames * video.frame_ticks)


def _audio(plan: Plan, audio: AudioResult | None) -> Iterator[Finding]:
    if (plan.audio is None) != (audio is None):
        yield Finding("audio", "there is audio that was not planned" if audio else "the audio is missing")
    if plan.audio is None or audio is None:
        return
    if not audio.complete or audio.part.frames != plan.audio.frames:
        yield Finding("audio", f"it has {audio.part.frames} of {plan.audio.frames} frames")
    planned = plan.audio
    expected = _grid(0, planned.segment_count, planned.frames, planned.segment_frames, AAC_FRAME)
    yield from _segments(audio.part, expected)


def _grid(first: int, count: int, frames: int, segment_frames: int, ticks: int) -> list[tuple[int, int]]:
    """Expected number and duration of each segment: the last has what is left."""
    starts = [*range(0, count * segment_frames, segment_frames), frames]
    return [(first + n, (end - start) * ticks) for n, (start, end) in enumerate(pairwise(starts))]


def _segments(part: RenditionPart, expected: list[tuple[int, int]]) -> Iterator[Finding]:
    actual = [(segment.number, segment.duration) for segment in part.segments]
    if actual != expected:
        wrong = next((n for n, _ in sorted({*actual} ^ {*expected})), expected[0][0])
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
    """Require one init segment per rendition: a second one would cause a visible jump."""
    if len({(part.init_sha256, part.codecs) for part in parts}) > 1:
        yield Finding(rendition, "workers have written different headers: use the same FFmpeg on all of them")
