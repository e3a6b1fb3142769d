"""Segmenter: splits a fragmented MP4 into segments on the lecture's timeline and checks every frame.

An encoder writes from time zero: `ftyp moov (moof mdat)… mfra`, one moof per video keyframe or
per audio segment. The header becomes the init segment; fragments become segments, shifted by the
time of the file's first frame.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from storage.objects import keys
from transcoder.media import Segment
from transcoder.packaging import isobmff
from transcoder.packaging.isobmff import Fragment


class NotAsPlanned(Exception):
    """Encoder output that differs from the plan; `str()` says how."""


class Track(NamedTuple):
    """Expected content of an encoded file: video or audio frames."""

    rendition: str
    attempt: int
    timescale: int
    frame_ticks: int
    fragment_frames: int
    segment_frames: int
    segments: int  # the last one has what is left, more or fewer frames than the others
    first_frame: int  # position in the lecture
    frames: int
    is_video: bool  # video, where only a fragment's first frame is a keyframe


def header(file: BinaryIO) -> bytes | None:
    """Header boxes `ftyp` and `moov`; None while incomplete. Leaves the file positioned after them."""
    file.seek(0)
    ftyp, moov = _box(file, "ftyp"), _box(file, "moov")
    return ftyp + moov if ftyp and moov else None


def cut(file: BinaryIO, track: Track, edit: int, folder: Path, frame: int = 0) -> Iterator[Segment]:
    """Write each complete segment to the folder, under its name in the store. Raises NotAsPlanned.

    The file is positioned at the fragment of `frame`, which begins a segment. `edit`: ticks that the
    header's edit list subtracts, the delay between decoding and presentation.
    """
    pending: list[tuple[Fragment, bytes, bytes]] = []
    done = frame // track.segment_frames
    while (moof := _box(file, "moof")) and (mdat := _box(file, "mdat")):
        fragment = isobmff.fragment(moof)
        _check(fragment, track, edit, frame)
        frame += len(fragment.samples)
        sequence = (track.first_frame + frame - 1) // track.fragment_frames + 1
        moof = isobmff.moved(moof, ticks=track.first_frame * track.frame_ticks, sequence=sequence)
        pending.append((fragment, moof, mdat))
        if _ends_segment(track, frame):
            number = track.first_frame // track.segment_frames + done
            done += 1
            path = folder / keys.segment_name(number, track.attempt)
            path.write_bytes(b"".join(moof + mdat for _, moof, mdat in pending))
            yield _measure(number, pending, track, edit)
            pending = []


def _ends_segment(track: Track, frame: int) -> bool:
    """Whether a segment ends before this frame, counted from the track's first."""
    number, rest = divmod(frame, track.segment_frames)
    return frame == track.frames or (rest == 0 and number < track.segments)


def _box(file: BinaryIO, kind: str) -> bytes | None:
    """Next box if it is complete and of this type; else None, and the file position is unchanged."""
    at = file.tell()
    head = file.read(isobmff.HEADER)
    # While the file is being written, a box's size can still be the zero that the muxer patches later.
    if len(head) == isobmff.HEADER and any(head[:4]):
        found, size = isobmff.read_header(head)
        if found == kind:
            body = file.read(size - isobmff.HEADER)
            if len(body) == size - isobmff.HEADER:
                return head + body
    file.seek(at)
    return None


def _check(fragment: Fragment, track: Track, edit: int, frame: int) -> None:
    """Check every frame against the plan: none lost, doubled or late, keyframes on the grid only."""
    where, ticks = f"{track.rendition} from frame {track.first_frame + frame}", track.frame_ticks
    expected = min(track.fragment_frames, track.frames - frame)
    samples = fragment.samples
    if len(samples) != expected:
        raise NotAsPlanned(f"{where}: {len(samples)} frames to the next keyframe instead of {expected}")
    if any(sample.duration != ticks for sample in samples):
        raise NotAsPlanned(f"{where}: frames are not {ticks} ticks apart")
    if fragment.decode_time != frame * ticks:
        raise NotAsPlanned(f"{where}: begins at tick {fragment.decode_time} of its file")
    if fragment.times() != [edit + at * ticks for at in range(frame, frame + expected)]:
        raise NotAsPlanned(f"{where}: frames are not shown one after the other")
    if [sample.keyframe for sample in samples] != [True] + [not track.is_video] * (expected - 1):
        raise NotAsPlanned(f"{where}: keyframes are not on the grid")


def _measure(number: int, fragments: list[tuple[Fragment, bytes, bytes]], track: Track, edit: int) -> Segment:
    start, size, keyframes = fragments[0][0].decode_time, 0, []
    for fragment, moof, mdat in fragments:
        keyframe_bytes = len(moof) + isobmff.HEADER + fragment.samples[0].size
        keyframes.append((size, keyframe_bytes, fragment.times()[0] - edit - start))
        size += len(moof) + len(mdat)
    duration = sum(fragment.ticks for fragment, _, _ in fragments)
    return Segment(number, duration, size, tuple(keyframes) if track.is_video else ())
