"""Several recordings in one file, found by their bytes."""

from pathlib import Path

import pytest

from transcoder.source import chains

HEADER = chains.EBML + b"\x89" + b"\x42\x82\x84webm\x00\x00"
SEGMENT = chains.SEGMENT + b"\x88" + bytes(8)
LIVE = chains.SEGMENT + b"\x01" + b"\xff" * 7 + b"clusters without an end, and " + chains.EBML + b" by chance"


def page(flags: int, serial: int) -> bytes:
    return (
        b"OggS\x00" + bytes((flags,)) + bytes(8) + serial.to_bytes(4, "little") + bytes(8) + b"\x01\x05audio"
    )


def found(folder: Path, data: bytes, container: str) -> tuple[int, ...]:
    path = folder / "recording"
    path.write_bytes(data)
    return chains.beginnings(path, container)


@pytest.mark.parametrize("segment", [SEGMENT, LIVE])
def test_matroska(segment: bytes, tmp_path: Path) -> None:
    one = HEADER + segment
    assert found(tmp_path, one, "matroska") == ()
    assert found(tmp_path, one * 3, "matroska") == (0, len(one), 2 * len(one))


def test_ogg(tmp_path: Path) -> None:
    """Video and audio begin together: one recording."""
    one = page(2, 1) + page(2, 2) + page(0, 1) + page(0, 2)
    assert found(tmp_path, one, "ogg") == ()
    assert found(tmp_path, one * 2, "ogg") == (0, len(one))


@pytest.mark.parametrize("container", ["matroska", "ogg", "mov"])
def test_damaged_file_holds_one_recording(container: str, tmp_path: Path) -> None:
    for data in (b"x", HEADER[:6] + bytes(30), HEADER + b"junk" * 9, page(2, 1)[:20]):
        assert found(tmp_path, data, container) == ()
