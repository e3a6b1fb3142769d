"""Cuts in an MP4's edit list: moments from which FFmpeg shows the video late (ISO/IEC 14496-12, 8.6.6).

Its demuxer takes the delay between decoding and presentation from the first edit, but not from later ones
that begin between two keyframes.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

EMPTY = -1  # media time of an edit that shows nothing
MOST = 10_000  # edits that are read
MOST_CUTS = 50


class Box(NamedTuple):
    kind: bytes
    body: int
    end: int


def cuts(path: Path, track: int) -> tuple[float, ...]:
    """Seconds of the movie at which later edits of a track begin; empty for nearly all files."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        for moov in _children(file, 0, size, b"moov"):
            timescale = _timescale(file, moov)
            traks = list(_children(file, moov.body, moov.end, b"trak"))
            if timescale and track < len(traks):
                return _later(_edits(file, traks[track]), timescale)
    return ()


def _later(edits: list[tuple[int, int]], timescale: int) -> tuple[float, ...]:
    now, begins = 0, []
    for duration, media_time in edits:
        if media_time != EMPTY:
            begins.append(now / timescale)
        now += duration
    return tuple(begins[1 : MOST_CUTS + 1])


def _edits(file: BinaryIO, trak: Box) -> list[tuple[int, int]]:
    """(duration, media time) of each edit."""
    for edts in _children(file, trak.body, trak.end, b"edts"):
        for elst in _children(file, edts.body, edts.end, b"elst"):
            file.seek(elst.body)
            head = file.read(8)
            entry = struct.Struct(">QqI" if head[:1] == b"\x01" else ">IiI")
            count = min(struct.unpack(">I", head[4:])[0], MOST) if len(head) == 8 else 0
            data = file.read(count * entry.size)
            whole = data[: len(data) // entry.size * entry.size]
            return [(duration, media) for duration, media, _ in entry.iter_unpack(whole)]
    return []


def _timescale(file: BinaryIO, moov: Box) -> int:
    for mvhd in _children(file, moov.body, moov.end, b"mvhd"):
        file.seek(mvhd.body)
        head = file.read(24)
        at = 20 if head[:1] == b"\x01" else 12
        return int.from_bytes(head[at : at + 4], "big")
    return 0


def _children(file: BinaryIO, start: int, end: int, kind: bytes) -> Iterator[Box]:
    """Boxes of this type; stops where the structure is damaged."""
    while start + 8 <= end:
        file.seek(start)
        head = file.read(16)
        size, header = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = end - start
        if size < header or start + size > end:
            return
        if head[4:8] == kind:
            yield Box(kind, start + header, start + size)
        start += size
