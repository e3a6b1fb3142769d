"""Packet timestamps from the head and tail of a file, to check the header against. Pure."""

from collections.abc import Iterable

import msgspec

HEAD_PACKETS = 400  # enough to determine the frame rate
TAIL_SECONDS = 5.0
FAR = 60.0  # seconds; a seek that lands this far before its target costs every chunk as much decoding

ENTRIES = "packet=stream_index,pts_time,dts_time,duration_time,flags"


# Places at which the pace of the video is looked at; all of a lecture that is not longer than they are.
PLACES, PLACE_SECONDS = 20, 3.0
ROUNDING = 0.002  # seconds
PACE_ENTRIES = "packet=pts_time"


class Packet(msgspec.Struct, frozen=True):
    stream: int
    time: float  # presentation time
    duration: float  # 0 when not known


class Measured(msgspec.Struct, frozen=True):
    head: tuple[Packet, ...]
    tail: tuple[Packet, ...]  # empty when the file ends before it

    def end(self, stream: int, usual: float) -> float | None:
        """End of the stream's last packet, in seconds; `usual` is its duration where none is stored.

        None when the tail has no packet of the stream, because it ended earlier.
        """
        seen = [packet for packet in self.tail or self.head if packet.stream == stream]
        return max((packet.time + (packet.duration or usual) for packet in seen), default=None)

    def without_default(self, stream: int, duration: float) -> "Measured":
        """Copy in which packets of the stream that last as long as its header says have no duration."""

        def corrected(packet: Packet) -> Packet:
            default = packet.stream == stream and abs(packet.duration - duration) < ROUNDING
            return Packet(packet.stream, packet.time, 0.0) if default else packet

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
