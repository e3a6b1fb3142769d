"""Fragmented MP4 boxes, as far as the segmenter needs them. Pure: bytes in, values out.

Field layouts: ISO/IEC 14496-12 (sections 8.4.2, 8.8 and 4.2), 14496-15 (avcC), 14496-14 (esds).
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

HEADER = 8  # bytes: size and type
NOT_A_KEYFRAME = 0x0001_0000  # sample_is_non_sync_sample

# `trun` flags in field order; the first two fields occur once, the rest per sample.
DATA_OFFSET, FIRST_FLAGS = 0x001, 0x004
DURATION, SIZE, FLAGS, SHOWN_LATER = 0x100, 0x200, 0x400, 0x800
# `tfhd` flags: fields that precede the defaults, when present.
BASE_OFFSET, DESCRIPTION = 0x01, 0x02
DEFAULT_DURATION, DEFAULT_SIZE, DEFAULT_FLAGS = 0x08, 0x10, 0x20


class Malformed(ValueError):
    """File structure that our encoder does not write."""


class Box(NamedTuple):
    kind: str
    start: int  # offset of the header
    body: int
    end: int


class Sample(NamedTuple):
    duration: int  # ticks
    size: int  # bytes
    keyframe: bool
    shown_later: int  # composition time offset, in ticks


class Fragment(NamedTuple):
    """Movie fragment (`moof`) of one track."""

    decode_time: int  # ticks
    samples: tuple[Sample, ...]

    @property
    def ticks(self) -> int:
        return sum(sample.duration for sample in self.samples)

    def times(self) -> list[int]:
        """Presentation time of each sample, in ticks, sorted."""
        shown, now = [], self.decode_time
        for sample in self.samples:
            shown.append(now + sample.shown_later)
            now += sample.duration
        return sorted(shown)


def read_header(data: bytes) -> tuple[str, int]:
    """Type and size of a box, from its first eight bytes; 64-bit sizes are not supported."""
    size, kind = struct.unpack(">I4s", data)
    if size < HEADER:
        raise Malformed(f"a box declares a size of {size} bytes")
    return kind.decode("latin-1"), size


def children(data: bytes, start: int, end: int) -> Iterator[Box]:
    while start < end:
        kind, size = read_header(data[start : start + HEADER])
        if start + size > end:
            raise Malformed(f"box {kind} is longer than its parent")
        yield Box(kind, start, start + HEADER, start + size)
        start += size


def only(data: bytes, *path: str) -> Box:
    """Box at the end of the path; each box on it must occur exactly once."""
    box = Box("", 0, 0, len(data))
    for kind in path:
        found = [child for child in children(data, box.body, box.end) if child.kind == kind]
        if len(found) != 1:
            raise Malformed(f"{len(found)} boxes {kind} instead of one")
        box = found[0]
    return box


def timescale(moov: bytes) -> int:
    """Timescale of the only track, in ticks per second."""
    body = only(moov, "moov", "trak", "mdia", "mdhd").body
    return _number(moov, body + (20 if moov[body] else 12))


def edit(moov: bytes) -> int:
    """Edit list offset: ticks from the first decode time to presentation time zero; 0 without one."""
    trak = only(moov, "moov", "trak")
    if not any(box.kind == "edts" for box in children(moov, trak.body, trak.end)):
        return 0
    body = only(moov, "moov", "trak", "edts", "elst").body
    if moov[body] != 0 or _number(moov, body + 4) != 1:
        raise Malformed("an edit list that does more than shift the start")
    return _number(moov, body + 12)


def codecs(moov: bytes) -> str:
    """Codec string of RFC 6381: "avc1.640028" or "mp4a.40.2"."""
    entries = only(moov, "moov", "trak", "mdia", "minf", "stbl", "stsd")
    entry, *more = children(moov, entries.body + 8, entries.end)
    if more:
        raise Malformed("more than one sample description")
    match entry.kind:
        case "avc1":
            avcc = _inside(moov, entry, 78, "avcC").body
            return f"avc1.{moov[avcc + 1 : avcc + 4].hex()}"
        case "mp4a":
            return _aac(moov, _inside(moov, entry, 28, "esds"))
    raise Malformed(f"unexpected sample entry {entry.kind}")


def fragment(moof: bytes) -> Fragment:
    """Parsed `moof` with a single track and run, whose data follows the `mdat` header, as in CMAF."""
    default = _defaults(moof, only(moof, "moof", "traf", "tfhd").body)
    run = only(moof, "moof", "traf", "trun")
    flags, count = _number(moof, run.body) & 0xFF_FFFF, _number(moof, run.body + 4)
    fields = iter(struct.unpack(f">{(run.end - run.body - 8) // 4}I", moof[run.body + 8 : run.end]))
    if not flags & DATA_OFFSET or next(fields) != len(moof) + HEADER:
        raise Malformed("the samples do not follow their moof")
    first_flags = next(fields) if flags & FIRST_FLAGS else None
    samples = []
    for number in range(count):
        duration, size, flag_bits = (
            next(fields) if flags & bit else value
            for bit, value in zip((DURATION, SIZE, FLAGS), default, strict=True)
        )
        later = next(fields) if flags & SHOWN_LATER else 0
        flag_bits = first_flags if number == 0 and first_flags is not None else flag_bits
        samples.append(Sample(duration, size, not flag_bits & NOT_A_KEYFRAME, _signed(later)))
    return Fragment(_decode_time(moof), tuple(samples))


def moved(moof: bytes, *, ticks: int, sequence: int) -> bytes:
    """Copy of a `moof` with its decode time shifted by `ticks` and a new sequence number."""
    copy = bytearray(moof)
    struct.pack_into(">I", copy, only(moof, "moof", "mfhd").body + 4, sequence)
    struct.pack_into(">Q", copy, _decode_time_at(moof), _decode_time(moof) + ticks)
    return bytes(copy)


def _decode_time(moof: bytes) -> int:
    return int(struct.unpack_from(">Q", moof, _decode_time_at(moof))[0])


def _decode_time_at(moof: bytes) -> int:
    body = only(moof, "moof", "traf", "tfdt").body
    if moof[body] != 1:
        raise Malformed("a 32-bit decode time, which a long lecture would overflow")
    return body + 4


def _defaults(moof: bytes, body: int) -> tuple[int, int, int]:
    """Default duration, size and flags of the samples, from `tfhd`."""
    flags, at = _number(moof, body) & 0xFF_FFFF, body + 8
    at += 8 * bool(flags & BASE_OFFSET) + 4 * bool(flags & DESCRIPTION)
    values = []
    for bit in (DEFAULT_DURATION, DEFAULT_SIZE, DEFAULT_FLAGS):
        values.append(_number(moof, at) if flags & bit else 0)
        at += 4 * bool(flags & bit)
    duration, size, sample_flags = values
    return duration, size, sample_flags


def _inside(data: bytes, entry: Box, fields: int, kind: str) -> Box:
    """Child box of a sample entry, after `fields` bytes of fixed fields."""
    for box in children(data, entry.body + fields, entry.end):
        if box.kind == kind:
            return box
    raise Malformed(f"{entry.kind} without {kind}")


def _aac(moov: bytes, esds: Box) -> str:
    """AAC codec string: ES_Descriptor > DecoderConfigDescriptor (tag 4) > DecoderSpecificInfo (tag 5)."""
    at = _descriptor(moov, esds.body + 4, tag=3) + 3
    config = _descriptor(moov, at, tag=4)
    info = _descriptor(moov, config + 13, tag=5)
    return f"mp4a.{moov[config]:02x}.{moov[info] >> 3}"


def _descriptor(data: bytes, at: int, *, tag: int) -> int:
    """Offset of a descriptor's content, after its length field of up to four bytes of seven bits."""
    if data[at] != tag:
        raise Malformed(f"descriptor {data[at]} instead of {tag}")
    at += 1
    while data[at] & 0x80:
        at += 1
    return at + 1


def _number(data: bytes, at: int) -> int:
    return int(struct.unpack_from(">I", data, at)[0])


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value
