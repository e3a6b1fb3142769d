"""Thumbnails by a real FFmpeg: small enough for a list, in the shape of the poster."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from storage.objects import keys
from storage.objects.folder import FolderStore
from transcoder.ffmpeg import command
from transcoder.ffmpeg.tools import Tools
from transcoder.jobs.leases import Claim
from transcoder.worker.context import JobLease, WorkerContext
from transcoder.worker.steps.thumbnails import THUMBNAIL_BYTES, thumbnail

pytestmark = pytest.mark.media

VIDEO = "v" * 32
FINISH = Claim(
    id="j",
    queue="transcode",
    video_id=VIDEO,
    kind="finish",
    number=0,
    fence=1,
    attempts=1,
    source_key="originals/o",
    source_bytes=1000,
    source=None,
    plan=None,
    result=None,
)
NOISE = "nullsrc=size={}:rate=1,geq=random(1)*255:random(2)*255:random(3)*255"


@pytest.mark.parametrize(
    ("size", "shown"),
    [("1280x720", "480x270"), ("1280x960", "320x240"), ("720x1280", "270x480"), ("320x180", "160x90")],
)
async def test_thumbnail_of_noise_is_small(
    context: WorkerContext, folder_store: FolderStore, tools: Tools, tmp_path: Path, size: str, shown: str
) -> None:
    """Noise is the worst picture there is."""
    make_noise(tools, size, tmp_path)
    await thumbnail(JobLease(replace(context, tools=tools), FINISH), tmp_path)
    made = tmp_path / "made.jpg"
    await folder_store.fetch(keys.thumbnail(VIDEO), made)
    assert 0 < made.stat().st_size <= THUMBNAIL_BYTES
    assert size_of(tools, made) == shown


def make_noise(tools: Tools, size: str, folder: Path) -> None:
    image = ["-f", "lavfi", "-i", NOISE.format(size), "-frames:v", "1", "-update", "1", command.POSTER_FILE]
    subprocess.run([str(tools.ffmpeg), "-v", "error", *image], cwd=folder, check=True)


def size_of(tools: Tools, image: Path) -> str:
    argv = [str(tools.ffprobe), "-v", "error", "-show_streams", str(image)]
    probed = subprocess.run(argv, capture_output=True, text=True, check=True)
    found = dict(re.findall(r"(width|height)=(\d+)", probed.stdout))
    return f"{found['width']}x{found['height']}"


async def test_lecture_without_a_thumbnail_is_no_failure(
    context: WorkerContext, folder_store: FolderStore, tools: Tools, tmp_path: Path
) -> None:
    (tmp_path / command.POSTER_FILE).write_bytes(b"not an image")
    await thumbnail(JobLease(replace(context, tools=tools), FINISH), tmp_path)
    assert await folder_store.stat(keys.thumbnail(VIDEO)) is None
