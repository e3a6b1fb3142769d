"""Recordings that are not as their headers say: each plays to its end as it was recorded."""

import math
import subprocess
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media import recordings
from tests.media.colours import in_colour, wide_gamut
from tests.media.judging import beeps, flashes, frame_numbers
from tests.media.making import Lecture, make_lecture
from tests.media.recordings import CHANGES, FPS, MATRICES, SECONDS, STILL
from tests.media.sources import BEEP_AT
from transcoder.ffmpeg.tools import Tools
from transcoder.packaging import verify
from transcoder.packaging.playlist import AUDIO
from transcoder.planning.plan import SAMPLE_RATE

pytestmark = pytest.mark.media

Make = Callable[[Tools, Path], Path]
SYNC = 0.040  # seconds
COLOURS = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


async def encoded(tools: Tools, original: Path, folder: Path) -> Lecture:
    lecture = await make_lecture(tools, original, folder, quick_sound=True)
    assert verify.whole(lecture.plan, lecture.chunks, lecture.audio) == []
    return lecture


@pytest.mark.parametrize("change", [change for change in CHANGES if change != "square"])
async def test_change_in_mid_stream_plays_to_the_end(change: str, tools: Tools, tmp_path: Path) -> None:
    lecture = await encoded(tools, recordings.changed(tools, tmp_path, change), tmp_path)
    whole = _best(lecture)
    assert frame_numbers(tools, whole) == list(range(round(SECONDS * FPS)))
    times = [second + BEEP_AT for second in range(round(SECONDS))]
    assert flashes(tools, whole) == pytest.approx(times, abs=SYNC)
    assert beeps(tools, lecture.whole(AUDIO)) == pytest.approx(times, abs=SYNC)


@pytest.mark.parametrize(("change", "size"), [("larger", (640, 360)), ("square", (320, 180))])
async def test_size_is_that_of_the_largest_picture(
    change: str, size: tuple[int, int], tools: Tools, tmp_path: Path
) -> None:
    """Of those that are nowhere smaller than the first: the others keep its shape."""
    lecture = await encoded(tools, recordings.changed(tools, tmp_path, change), tmp_path)
    assert lecture.plan.video
    assert [(rung.width, rung.height) for rung in lecture.plan.video.rungs] == [size]


async def test_change_of_range_keeps_the_picture(tools: Tools, tmp_path: Path) -> None:
    lecture = await encoded(tools, recordings.changed(tools, tmp_path, "range"), tmp_path)
    before, after = (_pixels(tools, _best(lecture), at, (1, 1))[0] for at in (1.9, 2.1))
    assert after == pytest.approx(before, abs=6)


async def test_other_shape_keeps_its_aspect(tools: Tools, tmp_path: Path) -> None:
    """A square part of a wide lecture has bars beside it."""
    lecture = await encoded(tools, recordings.changed(tools, tmp_path, "square"), tmp_path)
    row = _pixels(tools, _best(lecture), 3.0, (16, 1))
    dark = [max(pixel) < 24 for pixel in row]
    assert dark == [True] * 3 + [False] * 10 + [True] * 3


@pytest.mark.parametrize("matrix", MATRICES)
async def test_matrix_turns_and_mirrors(matrix: str, tools: Tools, tmp_path: Path) -> None:
    a, b, c, d = MATRICES[matrix]
    lecture = await encoded(tools, recordings.oriented(tools, tmp_path, (a, b, c, d)), tmp_path)
    shown = _pixels(tools, _best(lecture), 0, (2, 2))
    stored = ((-1, -1), (1, -1), (-1, 1), (1, 1))
    for patch, (x, y) in zip(recordings.PATCHES, stored, strict=True):
        place = stored.index((a * x + c * y, b * x + d * y))
        assert shown[place] == pytest.approx(COLOURS[patch], abs=12), patch


async def test_fast_part_is_as_fast_as_it_was_recorded(tools: Tools, tmp_path: Path) -> None:
    lecture = await encoded(tools, recordings.still_then_moving(tools, tmp_path), tmp_path)
    numbers = frame_numbers(tools, _best(lecture))
    assert numbers[: STILL * 30] == [n // 30 * 30 for n in range(STILL * 30)]
    assert numbers[STILL * 30 :] == list(range(STILL * 30, (STILL + 3) * 30))


@pytest.mark.parametrize(
    ("make", "clock"), [(recordings.with_lost_packets, 1.0), (recordings.with_slow_clock, 1.01)]
)
async def test_audio_stays_in_sync(make: Make, clock: float, tools: Tools, tmp_path: Path) -> None:
    """Where its packets say, whatever the number of samples before."""
    lecture = await encoded(tools, make(tools, tmp_path), tmp_path)
    heard = beeps(tools, lecture.whole(AUDIO))
    times = [(second + BEEP_AT) * clock for second in range(len(heard))]
    assert len(heard) >= 4
    assert heard == pytest.approx(times, abs=SYNC)


async def test_pieces_of_an_edit_list_are_in_sync(tools: Tools, tmp_path: Path) -> None:
    lecture = await encoded(tools, recordings.cut_twice(tools, tmp_path), tmp_path)
    assert frame_numbers(tools, _best(lecture)) == [*range(2 * FPS), *range(4 * FPS, 6 * FPS)]
    heard = beeps(tools, lecture.whole(AUDIO))
    assert heard == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=SYNC)
    assert flashes(tools, _best(lecture)) == pytest.approx(heard, abs=SYNC)


async def test_blocks_before_zero_are_shown(tools: Tools, tmp_path: Path) -> None:
    lecture = await encoded(tools, recordings.before_zero(tools, tmp_path), tmp_path)
    assert frame_numbers(tools, _best(lecture)) == list(range(4 * FPS))
    heard = beeps(tools, lecture.whole(AUDIO))
    assert heard == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=SYNC)


async def test_voice_after_silence_does_not_fade_in(tools: Tools, tmp_path: Path) -> None:
    lecture = await encoded(tools, recordings.silence_first(tools, tmp_path), tmp_path)
    samples = _samples(tools, lecture.whole(AUDIO))
    early, late = (_level(samples, second) for second in (6.5, 13.0))
    assert early == pytest.approx(late, abs=1.0)


@pytest.mark.parametrize("make", [recordings.one_sided, recordings.silent_track_first])
async def test_voice_is_heard_on_both_sides(make: Make, tools: Tools, tmp_path: Path) -> None:
    lecture = await encoded(tools, make(tools, tmp_path), tmp_path)
    samples = _samples(tools, lecture.whole(AUDIO))
    left, right = samples[0::2], samples[1::2]
    assert max(left) > 0.1
    assert max(right) == pytest.approx(max(left), rel=0.1)


async def test_default_of_two_languages_is_heard(tools: Tools, tmp_path: Path) -> None:
    lecture = await encoded(tools, recordings.two_languages(tools, tmp_path), tmp_path)
    assert lecture.plan.audio
    assert lecture.plan.audio.language == "en"
    assert beeps(tools, lecture.whole(AUDIO)) == pytest.approx([0.5, 1.5], abs=SYNC)


@pytest.mark.parametrize("make", [recordings.with_strangers, recordings.with_stale_tags])
async def test_file_with_what_nobody_needs_is_accepted(make: Make, tools: Tools, tmp_path: Path) -> None:
    lecture = await encoded(tools, make(tools, tmp_path), tmp_path)
    frames = round(lecture.plan.duration * FPS)
    assert frames >= 2 * FPS
    assert frame_numbers(tools, _best(lecture)) == list(range(frames))
    assert len(beeps(tools, lecture.whole(AUDIO))) == frames // FPS


@pytest.mark.parametrize("kind", [(".ogg",), (".webm",), (".webm", "-live", "1")])
async def test_chained_recordings_are_all_there(kind: tuple[str, ...], tools: Tools, tmp_path: Path) -> None:
    lecture = await encoded(tools, recordings.chained(tools, tmp_path, *kind), tmp_path)
    assert beeps(tools, lecture.whole(AUDIO)) == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=SYNC)
    if lecture.plan.video:
        numbers = frame_numbers(tools, _best(lecture))
        assert numbers[: 2 * FPS] == numbers[-2 * FPS :] == list(range(2 * FPS))


async def test_chained_recordings_may_have_other_headers(tools: Tools, tmp_path: Path) -> None:
    lecture = await encoded(tools, recordings.chained_with_other_headers(tools, tmp_path), tmp_path)
    assert beeps(tools, lecture.whole(AUDIO)) == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=SYNC)


@pytest.mark.parametrize(
    ("transfer", "primaries", "signal", "shown"),
    [
        ("smpte2084", "bt2020", 0.581, range(225, 256)),  # 203 cd/m², paper white (ITU-R BT.2408)
        ("smpte2084", "bt2020", 0.416, range(116, 141)),
        ("smpte2084", "", 0.581, range(225, 256)),
        ("arib-std-b67", "bt2020", 0.75, range(225, 256)),
        ("arib-std-b67", "bt2020", 0.447, range(116, 141)),
        ("arib-std-b67", "", 0.75, range(225, 256)),
        ("", "", 0.581, range(225, 256)),  # taken for PQ, HLG and no HDR by its white
        ("", "", 0.75, range(225, 256)),
        ("", "", 1.0, range(250, 256)),
    ],
)
async def test_hdr_is_shown_without(
    transfer: str, primaries: str, signal: float, shown: range, tools: Tools, tmp_path: Path
) -> None:
    lecture = await encoded(tools, in_colour(tools, tmp_path, transfer, signal, primaries), tmp_path)
    red, green, blue = _pixels(tools, _best(lecture), 0, (1, 1))[0]
    assert green in shown
    assert (red, blue) == pytest.approx((green, green), abs=4)


@pytest.mark.parametrize("colour", [(200, 40, 40), (40, 180, 60), (50, 60, 200)])
async def test_wide_gamut_keeps_its_colours(
    colour: tuple[int, int, int], tools: Tools, tmp_path: Path
) -> None:
    lecture = await encoded(tools, wide_gamut(tools, tmp_path, colour), tmp_path)
    assert _pixels(tools, _best(lecture), 0, (1, 1))[0] == pytest.approx(colour, abs=6)


def _samples(tools: Tools, path: Path) -> "array[float]":
    argv = [str(tools.ffmpeg), "-nostdin", "-v", "error", "-i", str(path), "-f", "f32le", "-"]
    return array("f", subprocess.run(argv, capture_output=True, check=True).stdout)


def _level(samples: "array[float]", second: float) -> float:
    """Level of half a second of stereo, in dB."""
    at = round(second * SAMPLE_RATE) * 2
    part = samples[at : at + SAMPLE_RATE]
    return 10 * math.log10(sum(sample * sample for sample in part) / len(part))


def _best(lecture: Lecture) -> Path:
    assert lecture.plan.video
    return lecture.whole(lecture.plan.video.rungs[0].name)


def _pixels(tools: Tools, path: Path, at: float, grid: tuple[int, int]) -> list[tuple[int, ...]]:
    """Mean colour of each field of a grid over the frame at this time."""
    width, height = grid
    size = f"scale={width}:{height}:flags=area,format=gbrp16le,format=rgb24"
    argv = [str(tools.ffmpeg), "-nostdin", "-v", "error", "-i", str(path), "-ss", str(at), "-frames:v", "1"]
    raw = subprocess.run([*argv, "-vf", size, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    return [tuple(raw[n : n + 3]) for n in range(0, len(raw), 3)]
