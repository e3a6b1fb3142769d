"""Lectures of awkward lengths, played to their end in a browser."""

import asyncio
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
    seconds = frames / fps
    await make_lecture(tools, await _clip(tools, tmp_path, frames, fps), tmp_path, quick_sound=True)
    made = await campus.world.video(campus.school.lesson_id, state=RevisionState.READY, seconds=seconds)

    async def serve(route: Route) -> None:
        path = tmp_path / route.request.url.partition(f"/{made.id}/")[2].partition("?")[0]
        await (route.fulfill(path=path) if path.is_file() else route.fulfill(status=404))

    await teacher.route("**/m/**", serve)
    lesson = f"{campus.school.course_id}/lessons/{campus.school.lesson_id}"
    await teacher.goto(f"{campus.server.url}/dashboard/courses/{lesson}")
    player = Player(teacher)
    await player.video.evaluate("video => { video.playbackRate = 2; }")
    await teacher.locator("media-play-button").click()
    await player.until("video.ended", seconds + 15)
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
