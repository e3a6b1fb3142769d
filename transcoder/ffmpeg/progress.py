"""Parser for ffmpeg's `-progress` output: `key=value` blocks that end in `progress=continue|end`."""

import msgspec


class Progress(msgspec.Struct, frozen=True):
    out_seconds: float = 0.0  # position in the output, as ffmpeg counts it
    frame: int = 0
    speed: float = 0.0  # times real time; 0 while unknown


class ProgressReader:
    """Incremental parser of the output; `latest` is the last complete block."""

    def __init__(self) -> None:
        self.latest: Progress | None = None
        self._rest = b""
        self._block: dict[str, str] = {}

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            key, _, value = line.decode(errors="replace").partition("=")
            self._block[key.strip()] = value.strip()
            if key == "progress":
                self.latest = _progress(self._block)
                self._block = {}


def _progress(block: dict[str, str]) -> Progress:
    return Progress(
        out_seconds=_number(block.get("out_time_us", "")) / 1e6,
        frame=int(_number(block.get("frame", ""))),
        speed=_number(block.get("speed", "").rstrip("x")),
    )


def _number(text: str) -> float:
    """Number of a field; 0 for N/A, which ffmpeg writes before the first frame."""
    try:
        return max(0.0, float(text))
    except ValueError:
        return 0.0
