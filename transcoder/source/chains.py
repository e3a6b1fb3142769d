"""Recordings one after the other in one file, as a recorder that is started again appends them.

A demuxer reads the first of them, or mixes their times. Formats: RFC 3533 (Ogg), RFC 8794 (EBML, of Matroska
and WebM).
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
DOCTYPES = (b"webm", b"matroska")
LONGEST_HEADER = 200  # bytes
OGG_PAGE = b"OggS\x00"
OGG_FLAGS = 5  # offset in a page header
BEGINS = 0x02  # flag of the first page of a stream
MOST = 1000


def beginnings(path: Path, container: str) -> tuple[int, ...]:
    """Offsets of the recordings in a file, in bytes; empty when it holds one, as nearly all do."""
    if container not in ("matroska", "ogg"):
        return ()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = _ebml(data) if container == "matroska" else _ogg(data)
        offsets = [offset for offset, _ in zip(found, range(MOST), strict=False)]
    return tuple(offsets) if len(offsets) > 1 else ()


def _ebml(data: mmap.mmap) -> Iterator[int]:
    at = 0
    while at + 12 < len(data):
        kind = data[at : at + 4]
        if kind == EBML:
            yield at
        elif kind != SEGMENT:
            return
        size, length = _size(data, at + 4)
        at = _next_header(data, at + 4) if size is None else at + 4 + length + size
        if at < 0:
            return


def _size(data: mmap.mmap, at: int) -> tuple[int | None, int]:
    """Size of an element, None where a live recorder did not know it; and the bytes of that number."""
    first = data[at]
    length = 9 - first.bit_length()
    if length > 8:
        return None, 1
    value = int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1)
    return (None if value == (1 << 7 * length) - 1 else value), length


def _next_header(data: mmap.mmap, at: int) -> int:
    """Offset of the next EBML header; -1 without one."""
    while (at := data.find(EBML, at)) >= 0:
        size, length = _size(data, at + 4) if at + 12 < len(data) else (None, 1)
        body = at + 4 + length
        if size and size < LONGEST_HEADER and any(kind in data[body : body + size] for kind in DOCTYPES):
            return at
        at += 1
    return -1


def _ogg(data: mmap.mmap) -> Iterator[int]:
    """Streams begin together, at the beginning of a recording."""
    at, group = 0, True
    while data[at : at + len(OGG_PAGE)] == OGG_PAGE and at + 27 <= len(data):
        begins = bool(data[at + OGG_FLAGS] & BEGINS)
        if begins and (at == 0 or not group):
            yield at
        group = begins
        table = data[at + 27 : at + 27 + data[at + 26]]
        at += 27 + len(table) + sum(table)
