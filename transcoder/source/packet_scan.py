"""What the packets themselves say, against what the header claims. Pure."""

from collections.abc import Iterable

import msgspec

HEAD_PACKETS = 400  # enough to see the rhythm of the frames
TAIL_SECONDS = 5.0
FAR = 60.0  # a seek that lands this long before its aim will cost every chunk as much

ENTRIES = "packet=stream_index,pts_time,dts_time,duration_time,flags"


class Packet(msgspec.Struct, frozen=True):
    stream: int
    time: float  # when it is shown
    duration: float  # 0 when not known


class Measured(msgspec.Struct, frozen=True):
    head: tuple[Packet, ...]
    tail: tuple[Packet, ...]  # empty when the file is over before

    def end(self, stream: int, usual: float) -> float | None:
        """When the last packet of this stream ends; it lasts `usual` seconds if it does not say.

        None when the stream has none at the end of the file: it ended somewhere before.
        """
        seen = [packet for packet in self.tail or self.head if packet.stream == stream]
        return max((packet.time + (packet.duration or usual) for packet in seen), default=None)

    def times(self, stream: int) -> tuple[float, ...]:
        return tuple(packet.time for packet in self.head if packet.stream == stream)

    def seek_was_close(self, seek_target: float) -> bool:
        """Whether the seek to the tail came close enough."""
        return not self.tail or min(packet.time for packet in self.tail) > seek_target - FAR


def intervals(seek_target: float) -> str:
    """For ffprobe's -read_intervals: the head, then from `aim` (seconds of the file's clock) to the end."""
    return f"%+#{HEAD_PACKETS},{seek_target:.3f}%"


def read(csv: str) -> Measured:
    """Of `-of csv=p=0` with our ENTRIES."""
    lines = [line for line in csv.splitlines() if line[:1].isdigit()]
    return Measured(tuple(_packets(lines[:HEAD_PACKETS])), tuple(_packets(lines[HEAD_PACKETS:])))


def _packets(lines: Iterable[str]) -> Iterable[Packet]:
    for line in lines:
        stream, shown, decoded, duration, flags = line.split(",")[:5]
        time = shown if shown != "N/A" else decoded
        if time == "N/A" or "D" in flags:  # D: an edit list leaves it out
            continue
        yield Packet(int(stream), float(time), float(duration) if duration != "N/A" else 0.0)
