"""Frame-exact encoding of every source format that the product accepts."""

from pathlib import Path

import pytest

from tests.fixtures.media import Sources
from tests.media.judging import beeps, complaints, flashes, frame_numbers, frame_times, start_times
from tests.media.making import Lecture, make_lecture
from tests.media.sources import BEEP_AT, MATRIX, Recipe
from transcoder.ffmpeg.tools import Tools
from transcoder.packaging import verify
from transcoder.packaging.playlist import AUDIO

pytestmark = [pytest.mark.media, pytest.mark.timeout(1200)]

SYNC = 0.040  # seconds between a flash and its beep
STRICT = ("-v", "warning")  # any decoder warning fails the test


LONG = ("twenty_minutes", "uhd60_hevc", "full_hd")


@pytest.mark.parametrize(
    "name", [pytest.param(r.name, marks=pytest.mark.long if r.name in LONG else ()) for r in MATRIX]
)
async def test_matrix(name: str, sources: Sources, tools: Tools, tmp_path: Path) -> None:
    recipe, original = sources.recipe(name), sources.path(name)
    lecture = await make_lecture(tools, original, tmp_path, quick_sound=recipe.quick_sound)
    assert verify.whole(lecture.plan, lecture.chunks, lecture.audio) == []
    assert lecture.complaints == ()
    assert complaints(tools, lecture.master) == ""
    assert set(start_times(tools, lecture.master)) == {0.0}
    assert lecture.plan.duration == pytest.approx(recipe.seconds, abs=_one_frame(recipe))
    late = 0.0
    if recipe.fps:
        shown = _held(frame_numbers(tools, original), recipe.frames)
        _check_video(tools, lecture, recipe, shown)
        late = max(n - number for n, number in enumerate(shown)) / float(recipe.fps)
    if recipe.audio:
        _check_audio(tools, lecture, recipe, late)


def _check_video(tools: Tools, lecture: Lecture, recipe: Recipe, shown: list[int]) -> None:
    """Check that each rung presents frame n at n / fps, across all chunk and segment boundaries."""
    assert recipe.fps
    assert lecture.plan.video
    assert lecture.plan.video.frames == recipe.frames
    for rung in lecture.plan.video.rungs:
        whole = lecture.whole(rung.name)
        times = [float(n / recipe.fps) for n in range(recipe.frames)]
        assert frame_times(tools, whole) == pytest.approx(times, abs=0.001)
        assert frame_numbers(tools, whole, *STRICT) == shown, rung.name


def _held(there: list[int], frames: int) -> list[int]:
    """Frame number shown at each grid position: the last one before where the source dropped frames."""
    kept = set(there)
    shown: list[int] = []
    for number in range(frames):
        shown.append(number if number in kept or not shown else shown[-1])
    return shown


def _check_audio(tools: Tools, lecture: Lecture, recipe: Recipe, late: float) -> None:
    """Check that beeps are at their source times, in sync with flashes (`late` by dropped frames)."""
    beep_times = beeps(tools, lecture.whole(AUDIO), *STRICT)
    expected = [second + BEEP_AT for second in range(int(recipe.seconds))]
    assert beep_times == pytest.approx(expected, abs=SYNC / 2)
    if lecture.plan.video:
        flash_times = flashes(tools, lecture.whole(lecture.plan.video.rungs[-1].name))
        assert flash_times == pytest.approx(beep_times, abs=SYNC + late)


def _one_frame(recipe: Recipe) -> float:
    return float(1 / recipe.fps) if recipe.fps else 1024 / 48_000
