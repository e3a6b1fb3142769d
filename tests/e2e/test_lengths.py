"""Lectures of awkward lengths, played to their end in a browser.

`LENGTHS=1` tries all from 1 to 200 frames at 1, 5, 25 and 60 fps, from three seconds before the end on, which
takes an hour; `LENGTHS=3` every third.
"""

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from playwright.async_api import Page, Route

from storage.states import RevisionState
from tests.e2e.player import Player
from tests.fixtures.server_process import Campus
from tests.media.making import make_lecture
from transcoder.ffmpeg.tools import Tools

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("frames", "fps"),
    [
        (1, 25),
        (7, 1),  # the last second is a frame by itself
        (150, 25),  # a single whole segment
        (151, 25),  # a segment and a frame
        (301, 25),
    ],
)
async def test_lecture_ends(
    teacher: Page, campus: Campus, tools: Tools, tmp_path: Path, frames: int, fps: int
) -> None:
    player = await _opened(teacher, campus, tools, tmp_path, frames, fps)
    await player.video.evaluate("video => { video.playbackRate = 2; }")
    await teacher.locator("media-play-button").click()
    await _ends(player, frames / fps)


@pytest.mark.skipif("LENGTHS" not in os.environ, reason="takes long")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("fps", [1, 5, 25, 60])
@pytest.mark.parametrize("first", range(1, 201, 20))
async def test_every_length_ends(
    teacher: Page, campus: Campus, tools: Tools, tmp_path: Path, first: int, fps: int
) -> None:
    step = int(os.environ["LENGTHS"])
    failed = []
    for frames in [one for one in range(first, first + 20) if one % step == 1 % step]:
        folder = tmp_path / str(frames)
        folder.mkdir()
        player = await _opened(teacher, campus, tools, folder, frames, fps)
        await player.video.evaluate("video => { video.playbackRate = 4; }")
        if frames / fps > 4:
            await player.seek(frames / fps - 3)
        await teacher.locator("media-play-button").click()
        try:
            await _ends(player, frames / fps)
        except AssertionError as error:
            failed.append(f"{frames} frames at {fps} fps: {error}")
        shutil.rmtree(folder)
    assert failed == []


async def _opened(teacher: Page, campus: Campus, tools: Tools, folder: Path, frames: int, fps: int) -> Player:
    """Page of a lesson with a lecture of so many frames."""
    await make_lecture(tools, await _clip(tools, folder, frames, fps), folder, quick_sound=True)
    lesson_id, seconds = campus.school.lesson_id, frames / fps
    await campus.world.video(lesson_id, state=RevisionState.READY, seconds=seconds)
    await _serve(teacher, folder)
    lesson = f"{campus.school.course_id}/lessons/{lesson_id}"
    await teacher.goto(f"{campus.server.url}/dashboard/courses/{lesson}")
    return Player(teacher)


async def _serve(teacher: Page, folder: Path) -> None:
    """Answer requests of the player with files of the folder: the lecture has a new address each time."""

    async def serve(route: Route) -> None:
        _token, _video, name = route.request.url.partition("/m/")[2].partition("?")[0].split("/", 2)
        path = folder / name
        await (route.fulfill(path=path) if path.is_file() else route.fulfill(status=404))

    await teacher.unroute("**/m/**")
    await teacher.route("**/m/**", serve)


async def _ends(player: Player, seconds: float) -> None:
    await player.until("video.ended", seconds / 2 + 15)
    assert await player.get("currentTime") == pytest.approx(seconds, abs=0.1)


async def _clip(tools: Tools, folder: Path, frames: int, fps: int) -> Path:
    path = folder / "clip.mp4"
    length = f"d={frames / fps}"
    inputs = (
        "-f",
        "lavfi",
        "-i",
        f"testsrc2=s=128x72:r={fps}:{length}",
        "-f",
        "lavfi",
        "-i",
        f"sine={length}",
    )
    encode = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path))
    process = await asyncio.create_subprocess_exec(str(tools.ffmpeg), "-v", "error", *inputs, *encode)
    assert await process.wait() == 0
    return path
