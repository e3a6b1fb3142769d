"""Damaged files: each becomes a lecture or is refused with a sentence; nothing crashes or hangs.

`MUTATED=1000` tries as many; some are enough for each change.
"""

import asyncio
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from storage.messages import Message
from tests.media.making import make_lecture
from tests.media.mutating import mutated
from transcoder.ffmpeg.process import ProcessFailed
from transcoder.ffmpeg.tools import Tools
from transcoder.media import Unusable
from transcoder.packaging.isobmff import Malformed
from transcoder.packaging.segmenter import NotAsPlanned
from transcoder.source import rejections

pytestmark = pytest.mark.media

COUNT = int(os.environ.get("MUTATED", "24"))
PART = 6  # files of a test
SECONDS = 60  # within which a file of three seconds is a lecture, or refused
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=3")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=300:duration=3")
KINDS = {
    "clip.mp4": (*PICTURE, *SOUND, "-c:v", "libx264", "-g", "10", "-c:a", "aac"),
    "first.mp4": (*PICTURE, *SOUND, "-c:v", "libx264", "-c:a", "aac", "-movflags", "+faststart"),
    "fragments.mp4": (
        *PICTURE,
        *SOUND,
        "-c:v",
        "libx264",
        "-g",
        "10",
        "-movflags",
        "frag_keyframe+empty_moov",
    ),
    "clip.webm": (*PICTURE, *SOUND, "-c:v", "libvpx", "-c:a", "libopus"),
    "clip.mkv": (*PICTURE, *SOUND, "-c:v", "libx264", "-c:a", "flac"),
    "clip.ts": (*PICTURE, *SOUND, "-c:v", "libx264", "-c:a", "aac"),
    "clip.avi": (*PICTURE, *SOUND, "-c:v", "mpeg4", "-c:a", "mp3"),
    "clip.mov": (*PICTURE, *SOUND, "-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    "voice.wav": (*SOUND, "-c:a", "pcm_s16le"),
    "voice.ogg": (*SOUND, "-c:a", "libvorbis"),
}
RAW = re.compile(r"0x[0-9a-f]{4,}|/[a-z]+/|\[[a-z0-9_]+ @|Traceback|Error while|Invalid data", re.IGNORECASE)


@pytest.fixture(scope="module")
def originals(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("originals")
    for name, words in KINDS.items():
        argv = [str(tools.ffmpeg), "-v", "error", *words, "-pix_fmt", "yuv420p", str(folder / name)]
        if "-c:v" not in words or "mjpeg" in words:
            argv = [word for word in argv if word not in ("-pix_fmt", "yuv420p")]
        subprocess.run(argv, check=True)
    return [(folder / name).read_bytes() for name in KINDS]


@pytest.mark.parametrize("first", range(0, COUNT, PART))
async def test_damaged_file_is_a_lecture_or_gets_a_sentence(
    originals: list[bytes], tools: Tools, tmp_path: Path, first: int
) -> None:
    for seed in range(first, min(first + PART, COUNT)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        upload = folder / "upload"
        upload.write_bytes(mutated(originals[seed % len(originals)], seed))
        try:
            async with asyncio.timeout(SECONDS):
                told = await _told(tools, upload, folder)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
        assert not RAW.search(str(told or "")), (seed, str(told))
        shutil.rmtree(folder)


async def _told(tools: Tools, upload: Path, folder: Path) -> Message | None:
    """What the instructor reads of a file that is refused at the first try; None of one that becomes a
    lecture."""
    try:
        await make_lecture(tools, upload, folder, quick_sound=True)
    except Unusable as refused:
        return refused.message
    except (NotAsPlanned, Malformed):
        return rejections.CANNOT_ENCODE
    except ProcessFailed as failed:
        if failed.kind == "exit" and rejections.undecoded(failed.returncode, failed.stderr):
            return rejections.CANNOT_ENCODE
        raise  # it would be tried three times, and end with a sentence about the server
    return None
