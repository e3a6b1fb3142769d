"""Packet timestamps from the head and tail of a file, to check the header against. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

import msgspec

HEAD_PACKETS = 400  # enough to determine the frame rate
TAIL_SECONDS = 5.0
FAR = 60.0  # seconds; a seek that lands this far before its target costs every chunk as much decoding

ENTRIES = "packet=stream_index,pts_time,dts_time,duration_time,flags"


# Places at which the pace of the video is looked at; all of a lecture that is not longer than they are.
PLACES, PLACE_SECONDS = 20, 3.0
STRAY = 1.0  # seconds
ROUNDING = 0.002  # seconds
AFTER_CUT = 600  # packets: those from the keyframe to the cut are read, too
LATEST = 0.5  # seconds, more than any delay between decoding and presentation
PACE_ENTRIES = "packet=pts_time"


class Packet(msgspec.Struct, frozen=True):
    stream: int
    time: float  # presentation time
    duration: float  # 0 when not known


class Measured(msgspec.Struct, frozen=True):
    head: tuple[Packet, ...]
    tail: tuple[Packet, ...]  # empty when the file ends before it

    @property
    def all(self) -> tuple[Packet, ...]:
        return self.head + self.tail

    def end(self, stream: int, usual: float) -> float | None:
        """End of the stream's last packet, in seconds; `usual` is its duration where none is stored.

        None when the tail has no packet of the stream, because it ended earlier.
        """
        seen = [packet for packet in self.tail or self.head if packet.stream == stream]
        return max((packet.time + (packet.duration or usual) for packet in seen), default=None)

    def without_stray(self, stream: int) -> "Measured":
        """Copy without a last packet of the stream that lies far behind all others: no sound, but a slip."""
        times = sorted(packet.time for packet in self.tail or self.head if packet.stream == stream)
        if len(times) < 2 or times[-1] - times[-2] < STRAY:
            return self

        def kept(packets: tuple[Packet, ...]) -> tuple[Packet, ...]:
            return tuple(p for p in packets if (p.stream, p.time) != (stream, times[-1]))

        return Measured(kept(self.head), kept(self.tail))

    def without_default(self, stream: int, duration: float) -> "Measured":
        """Copy in which packets of the stream that last as long as its header says have no duration."""

        def corrected(packet: Packet) -> Packet:
            default = packet.stream == stream and abs(packet.duration - duration) < ROUNDING
            return msgspec.structs.replace(packet, duration=0.0) if default else packet

        return Measured(*(tuple(map(corrected, packets)) for packets in (self.head, self.tail)))

    def times(self, stream: int) -> tuple[float, ...]:
        return tuple(packet.time for packet in self.head if packet.stream == stream)

    def seek_was_close(self, seek_target: float) -> bool:
        """Whether the seek to the tail landed less than FAR before its target."""
        return not self.tail or min(packet.time for packet in self.tail) > seek_target - FAR


def intervals(seek_target: float) -> str:
    """Argument of ffprobe's -read_intervals: head, then `seek_target` (in file timestamps) to the end."""
    return f"%+#{HEAD_PACKETS},{seek_target:.3f}%"


def places(start: float, end: float) -> str:
    """Argument of ffprobe's -read_intervals for PACE_ENTRIES, in file timestamps."""
    if end - start <= PLACES * PLACE_SECONDS:
        return "%"
    step = (end - start) / PLACES
    return ",".join(f"{start + step * n:.3f}%+{PLACE_SECONDS:g}" for n in range(PLACES))


def around(cuts: Sequence[float]) -> str:
    """Argument of ffprobe's -read_intervals for ENTRIES: the frames after each cut."""
    return ",".join(f"{cut:.3f}%+#{AFTER_CUT}" for cut in cuts)


def late(csv: str, cuts: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """(cut, seconds by which its first frame is late) of those that are, from ENTRIES `around` the cuts."""
    times = sorted(packet.time for packet in read(csv).all)
    firsts = ((cut, bisect_left(times, cut - ROUNDING)) for cut in cuts)
    found = ((cut, round(times[at] - cut, 6)) for cut, at in firsts if at < len(times))
    return tuple((cut, delay) for cut, delay in found if ROUNDING < delay < LATEST)


def read_times(csv: str) -> list[float]:
    """Presentation times from ffprobe's `-of csv=p=0` output of PACE_ENTRIES."""
    words = (line.partition(",")[0] for line in csv.splitlines())
    return [float(word) for word in words if word[:1].isdigit()]


def read(csv: str) -> Measured:
    """Packets from ffprobe's `-of csv=p=0` output of ENTRIES."""
    lines = [line for line in csv.splitlines() if line[:1].isdigit()]
    return Measured(tuple(_packets(lines[:HEAD_PACKETS])), tuple(_packets(lines[HEAD_PACKETS:])))


def _packets(lines: Iterable[str]) -> Iterable[Packet]:
    for line in lines:
        stream, shown, decoded, duration, flags = line.split(",")[:5]
        time = shown if shown != "N/A" else decoded
        if time == "N/A" or "D" in flags:  # D: discarded by an edit list
            continue
        yield Packet(int(stream), float(time), float(duration) if duration != "N/A" else 0.0)
