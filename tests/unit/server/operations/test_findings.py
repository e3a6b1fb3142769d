import os
from pathlib import Path

import pytest

from server.core import instance
from server.operations import findings
from server.operations.findings import State
from server.settings import Settings
from tests.world.clock import START
from transcoder.ffmpeg import process
from transcoder.ffmpeg.process import SandboxUnknown
from transcoder.ffmpeg.wall import Wall


def test_clock_behind_data_folder_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "skillstudio.db"
    file.touch()
    os.utime(file, (0, START.timestamp()))
    assert findings.clock(tmp_path, START).state is not State.MISSING
    os.utime(file, (0, START.timestamp() + 3600))
    found = findings.clock(tmp_path, START)
    assert found.state is State.MISSING
    assert "60 minutes behind" in found.message


def test_missing_ffmpeg_is_reported(tmp_path: Path) -> None:
    found = findings.ffmpeg(Settings(data=tmp_path, ffmpeg="/nowhere/ffmpeg"))
    assert found.state is State.MISSING
    assert "SKILLSTUDIO_FFMPEG names /nowhere/ffmpeg" in found.message
    assert "make setup" in found.remedy


def test_sandbox_is_named_with_its_gaps() -> None:
    whole = findings.sandbox(Wall(landlock=7, seccomp=True))
    assert (whole.state, whole.remedy) == (State.GOOD, "")
    assert "Landlock (ABI 7) + seccomp" in whole.message
    old = findings.sandbox(Wall(seccomp=True, root=True))
    assert old.state is State.HINT
    assert (
        "A hostile file could read and change files and memory of this user; start threads without end."
        in old.message
    )
    assert "5.13 or newer" in old.remedy
    assert "not as root" in old.remedy


def test_sandbox_that_cannot_be_tried_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Wall:
        raise SandboxUnknown("The launcher does not run.")

    monkeypatch.setattr(process.walls, "current", fail)
    found = findings.standing_sandbox()
    assert (found.state, found.message) == (State.MISSING, "The launcher does not run.")


def test_unsafe_sqlite_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings.sqlite().state is State.GOOD
    monkeypatch.setattr(findings, "SQLITE_VERSION", "3.40.1")
    assert findings.sqlite().state is State.MISSING


def test_full_disk_is_reported_before_the_folder_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "LEAST_FREE", 2**60)
    found = findings.disk(tmp_path / "not" / "yet")
    assert found.state is State.MISSING
    assert "GiB free" in found.message


def test_too_many_encoders_for_memory_are_reported(tmp_path: Path) -> None:
    assert findings.memory(Settings(data=tmp_path, workers=1)).name == "Memory"
    assert findings.memory(Settings(data=tmp_path, workers=10_000)).state is State.HINT


def test_running_instance_of_a_folder_is_named(tmp_path: Path) -> None:
    assert instance.holder(tmp_path, instance.UP) is None
    with instance.only_instance(tmp_path, instance.UP, "http://localhost:8000"):
        assert instance.holder(tmp_path, instance.UP) == f"process {os.getpid()}, http://localhost:8000"
        second = instance.only_instance(tmp_path, instance.UP, "http://localhost:8001")
        with pytest.raises(instance.AlreadyRuns, match="End that one first"), second:
            pass
    assert instance.holder(tmp_path, instance.UP) is None


@pytest.mark.parametrize(
    ("name", "text", "limit"),
    [
        ("memory.max", "536870912\n", 2**29),
        ("memory.max", "max\n", 2**63),
        ("memory/memory.limit_in_bytes", "536870912\n", 2**29),
        ("other", "1", 2**63),
    ],
)
def test_memory_limit_of_a_container(tmp_path: Path, name: str, text: str, limit: int) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    assert findings.container_limit(tmp_path) == limit
