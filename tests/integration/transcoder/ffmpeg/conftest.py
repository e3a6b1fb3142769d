"""Fixtures of the hostile programs."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from transcoder.ffmpeg import process
from transcoder.ffmpeg.wall import Wall


@pytest.fixture(params=["without bubblewrap", *(["bubblewrap"] if shutil.which("bwrap") else [])])
def wall(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Wall:
    """Each wall of this machine, all of whose layers must stand for these tests."""
    if request.param == "without bubblewrap":
        monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(process, "walls", process.Walls())
    found = process.walls.current()
    assert found.seccomp, "these tests need a kernel with seccomp filters on x86-64 or ARM64"
    assert bool(found.bubblewrap) == (request.param == "bubblewrap")
    return found


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    """Another process of the same user."""
    process = subprocess.Popen(["/bin/sleep", "60"], process_group=0)
    yield process
    process.kill()
    process.wait()
