"""Fault 14 and 15: a sentence for the instructor, inside the limits, and nothing left behind."""

import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.fixtures.canary import Canary
from tests.fixtures.media import Sources
from tests.media import bad
from tests.media.bad import BAD, Writer
from transcoder.ffmpeg.tools import Tools
from transcoder.media import Unusable
from transcoder.source.probe import LIMITS, inspect

pytestmark = pytest.mark.media


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where everything temporary goes."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize(("write", "sentence"), BAD.values(), ids=BAD)
async def test_refused_with_a_sentence(
    write: Writer, sentence: str, sources: Sources, canary: Canary, tmp_path: Path, temporary: Path
) -> None:
    upload = tmp_path / "lecture.mp4"
    write(sources, canary, upload)
    before = sorted(tmp_path.rglob("*"))
    started = time.monotonic()
    with pytest.raises(Unusable, match=sentence) as refused:
        await inspect(sources.tools, upload)
    assert time.monotonic() - started < LIMITS.seconds
    assert str(refused.value).endswith(".")
    assert str(tmp_path) not in str(refused.value)
    assert sorted(tmp_path.rglob("*")) == before
    assert canary.sung == []


@pytest.mark.parametrize("write", [bad.hls, bad.concat])
def test_the_canary_sings_for_a_careless_tool(
    write: Writer, sources: Sources, canary: Canary, tools: Tools, tmp_path: Path
) -> None:
    upload = tmp_path / ("careless.m3u8" if write is bad.hls else "careless.ffconcat")
    write(sources, canary, upload)
    careless = ["-protocol_whitelist", "file,http,tcp,crypto,data"]
    careless += (
        ["-safe", "0"] if write is bad.concat else ["-allowed_extensions", "ALL", "-extension_picky", "0"]
    )
    subprocess.run([str(tools.ffprobe), "-v", "error", *careless, str(upload)], check=False, timeout=30)
    assert canary.sung
