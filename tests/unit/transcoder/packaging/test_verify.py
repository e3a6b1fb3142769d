from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from tests.unit.transcoder.lectures import encoded, source, sources
from transcoder.media import AudioResult, ChunkResult, RenditionPart, Segment, Source
from transcoder.packaging import verify
from transcoder.planning.plan import make_plan

PLAN = make_plan(source(seconds=20.0))
CHUNKS, AUDIO = encoded(PLAN)
Change = Callable[[RenditionPart], RenditionPart]


@settings(max_examples=20)
@given(sources)
def test_parts_as_planned_pass(lecture: Source) -> None:
    plan = make_plan(lecture)
    assert verify.whole(plan, *encoded(plan)) == []


def segment(change: Callable[[Segment], Segment]) -> Change:
    return lambda part: replace(part, segments=(change(part.segments[0]), *part.segments[1:]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda part: replace(part, frames=149), "1080p: chunk 0 has 149 of 150 frames"),
        (lambda part: replace(part, timescale=90_000), "1080p: chunk 0 has 150 of 150 frames"),
        (
            lambda part: replace(part, segments=()),
            "1080p: segment 0 is missing, doubled or of another length",
        ),
        (lambda part: replace(part, init_sha256="x"), "1080p: workers have written different headers"),
        (segment(lambda made: replace(made, number=1)), "1080p: segment 0 is missing"),
        (segment(lambda made: replace(made, duration=made.duration - 512)), "1080p: segment 0 is missing"),
        (segment(lambda made: replace(made, bytes=0, keyframes=())), "1080p: segment 0 is empty"),
        (
            segment(lambda made: replace(made, keyframes=made.keyframes[1:])),
            "segment 0 has keyframes off the grid",
        ),
        (segment(lambda made: replace(made, bytes=20_500)), "segment 0 has keyframes beyond its end"),
    ],
)
def test_deviating_part_is_found(change: Change, says: str) -> None:
    first = CHUNKS[0]
    spoilt = replace(first, parts=(change(first.parts[0]), *first.parts[1:]))
    assert says in "; ".join(map(str, verify.whole(PLAN, (spoilt, *CHUNKS[1:]), AUDIO)))


def test_missing_chunk_is_found() -> None:
    assert str(verify.whole(PLAN, CHUNKS[:-1], AUDIO)[0]) == "video: 2 chunks where 3 were planned"


def test_missing_rung_is_found() -> None:
    spoilt = replace(CHUNKS[0], parts=CHUNKS[0].parts[:2])
    assert "video: chunk 0 was encoded as 1080p, 720p" in map(
        str, verify.whole(PLAN, (spoilt, *CHUNKS[1:]), AUDIO)
    )


def test_missing_tile_is_found() -> None:
    spoilt: ChunkResult = replace(CHUNKS[0], tiles=())
    assert verify.whole(PLAN, (spoilt, *CHUNKS[1:]), AUDIO)[0].rendition == "storyboard"


def test_missing_audio_is_found() -> None:
    assert [str(finding) for finding in verify.whole(PLAN, CHUNKS, None)] == ["audio: the audio is missing"]


def test_incomplete_audio_is_found() -> None:
    assert AUDIO
    growing = AudioResult(part=AUDIO.part, complete=False)
    assert str(verify.whole(PLAN, CHUNKS, growing)[0]).startswith("audio: ")


def test_results_round_trip_through_the_row() -> None:
    stored = msgspec.to_builtins(CHUNKS[0])
    assert msgspec.convert(stored, ChunkResult) == CHUNKS[0]
