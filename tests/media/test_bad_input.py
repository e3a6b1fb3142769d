"""Faults 14 and 15: bad uploads are rejected with a sentence, within the limits, leaving no files."""

import re
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from server.core.text import formats, i18n
from storage.messages import Message
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
    """Folder of all temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize(("write", "sentence"), BAD.values(), ids=BAD)
async def test_bad_upload_is_refused_with_a_sentence(
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
    assert_german(refused.value.message)
    assert sorted(tmp_path.rglob("*")) == before
    assert canary.accesses == []


def assert_german(message: Message) -> None:
    """The same sentence in German, with the same figures."""
    language = i18n.set_language("de")
    german = formats.translated(message)
    i18n.reset_language(language)
    assert german != str(message)
    assert "%(" not in german
    figures = [sorted(re.findall(r"\d+", text)) for text in (german, str(message))]
    assert figures[0] == figures[1]


@pytest.mark.parametrize("write", [bad.hls, bad.concat])
def test_canary_detects_an_unrestricted_tool(
    write: Writer, sources: Sources, canary: Canary, tools: Tools, tmp_path: Path
) -> None:
    upload = tmp_path / ("careless.m3u8" if write is bad.hls else "careless.ffconcat")
    write(sources, canary, upload)
    careless = ["-protocol_whitelist", "file,http,tcp,crypto,data"]
    careless += (
        ["-safe", "0"] if write is bad.concat else ["-allowed_extensions", "ALL", "-extension_picky", "0"]
    )
    subprocess.run([str(tools.ffprobe), "-v", "error", *careless, str(upload)], check=False, timeout=30)
    assert canary.accesses
