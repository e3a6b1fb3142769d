"""Folders that an export does not touch, or touches only alone."""

from pathlib import Path

import pytest

from server.core.errors import Conflict
from server.operations.export import targets
from tests.world.clock import START


def test_folder_that_is_no_unfinished_export_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "out.partial" / "media" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(Conflict, match="no unfinished export"):
        targets.open_target(tmp_path / "out", START)
    assert mine.read_text() == "mine"


def test_second_export_to_one_folder_is_refused(tmp_path: Path) -> None:
    first = targets.open_target(tmp_path / "out", START)
    with pytest.raises(Conflict, match="Another export"):
        targets.open_target(tmp_path / "out", START)
    first.close()
    targets.open_target(tmp_path / "out", START).close()


def test_mounted_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_mount", lambda path: path == tmp_path)
    with pytest.raises(Conflict, match="disk of its own"):
        targets.open_target(tmp_path, START)
