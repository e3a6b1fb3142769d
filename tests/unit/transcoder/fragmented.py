"""Minimal fragmented MP4 files, structured as our encoder writes them."""

import struct

from transcoder.packaging.segmenter import Track

NO_KEYFRAME = 0x0101_0000


def box(kind: str, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind.encode()) + body


def numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *(value & 0xFFFF_FFFF for value in values))


def init(track: Track, *, edit: int = 0) -> bytes:
    """Header with an H.264 or AAC sample entry, and an edit list if `edit` is not 0."""
    mdhd = box("mdhd", numbers(0, 0, 0, track.timescale, 0, 0))
    entry = box("avc1", bytes(78), AVCC) if track.is_video else box("mp4a", bytes(28), ESDS)
    stsd = box("stsd", numbers(0, 1), entry)
    mdia = box("mdia", mdhd, box("minf", box("stbl", stsd)))
    edts = box("edts", box("elst", numbers(0, 1, 0, edit, 0x1_0000))) if edit else b""
    return box("ftyp", b"isom") + box("moov", box("trak", edts, mdia))


AVCC = box("avcC", bytes.fromhex("0164001f"))
ESDS = box(
    "esds", bytes.fromhex("00000000 0380808025 000100 0480808017 40150000000001f4000001f400 0580808005 1190")
)


def fragment(
    track: Track, frame: int, frames: int, *, edit: int = 0, shown: list[int] | None = None, size: int = 10
) -> bytes:
    """`moof` and `mdat` of frames from `frame` on; `shown`: their presentation order, from 0."""
    ticks = track.frame_ticks
    order = shown or list(range(frames))
    later = [edit + (place - at) * ticks for at, place in enumerate(order)]
    tfhd = box("tfhd", numbers(0x2_0038, 1, ticks, size, NO_KEYFRAME if track.is_video else 0))
    tfdt = box("tfdt", numbers(0x0100_0000), struct.pack(">Q", frame * ticks))
    fields = [word for place in later for word in (size, place)]

    def moof(length: int) -> bytes:
        trun = box("trun", numbers(0xA05, frames, length + 8, 0, *fields))
        return box("moof", box("mfhd", numbers(0, 1)), box("traf", tfhd, tfdt, trun))

    return moof(len(moof(0))) + box("mdat", bytes(frames * size))


def whole(track: Track, *, edit: int = 0) -> bytes:
    """Complete file that matches the track."""
    pieces = [
        fragment(track, frame, min(track.fragment_frames, track.frames - frame), edit=edit)
        for frame in range(0, track.frames, track.fragment_frames)
    ]
    return init(track, edit=edit) + b"".join(pieces) + box("mfra", bytes(8))
