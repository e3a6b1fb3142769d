"""Loudness of encoded lectures (EBU R 128): the same from one channel as from two equal ones."""

import re
import subprocess
from array import array
from pathlib import Path

import pytest

from tests.fixtures.media import Sources
from tests.media.making import make_lecture
from transcoder.ffmpeg.tools import Tools
from transcoder.packaging.playlist import AUDIO

pytestmark = pytest.mark.media

LUFS = re.compile(r"I:\s+(-?[\d.]+) LUFS")


@pytest.fixture
async def encoded(sources: Sources, tools: Tools, tmp_path: Path) -> dict[str, Path]:
    """File by number of channels."""
    files = {}
    for channels, name in (("one", "flac"), ("two", "flac_stereo")):
        (tmp_path / channels).mkdir()
        files[channels] = (await make_lecture(tools, sources.path(name), tmp_path / channels)).whole(AUDIO)
    return files


def _loudness(tools: Tools, path: Path) -> float:
    argv = [
        str(tools.ffmpeg),
        "-nostdin",
        "-hide_banner",
        "-i",
        str(path),
        "-af",
        "ebur128",
        "-f",
        "null",
        "-",
    ]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stderr
    return float(LUFS.findall(said)[-1])


def _samples(tools: Tools, path: Path) -> "array[float]":
    argv = [str(tools.ffmpeg), "-nostdin", "-v", "error", "-i", str(path), "-f", "f32le", "-"]
    return array("f", subprocess.run(argv, capture_output=True, check=True).stdout)


def test_one_channel_is_as_loud_as_two_equal_ones(tools: Tools, encoded: dict[str, Path]) -> None:
    loudness = {channels: _loudness(tools, path) for channels, path in encoded.items()}
    assert loudness["one"] == pytest.approx(loudness["two"], abs=0.1)
    assert loudness["one"] == pytest.approx(-16, abs=2)


def test_one_channel_is_heard_on_both_sides(tools: Tools, encoded: dict[str, Path]) -> None:
    samples = _samples(tools, encoded["one"])
    assert max(samples) > 0.1
    # What is inaudible is replaced by noise in each channel.
    assert max(abs(left - right) for left, right in zip(samples[0::2], samples[1::2], strict=True)) < 0.001
