"""What is seen and heard in a file, read back from the marks that `tests.media.sources` puts in."""

import subprocess
from array import array
from pathlib import Path

from tests.media.sources import BAND, BEEP_HERTZ, BLOCKS
from transcoder.tools import Tools

RATE = 8_000  # samples a second are enough for a beep of 1 kHz
LOUD = 0.2  # of the loudest


def frame_numbers(tools: Tools, path: Path, *options: str) -> list[int]:
    """The number that each decoded frame carries. `options` go before the input (`-ss`, `-f hls`)."""
    row = f"crop=iw:ih/{BAND * 2}:0:ih/{BAND * 8},scale={BLOCKS}:1:flags=area,format=gray"
    pixels = _decode(
        tools, path, options, "-map", "0:v:0", "-vf", row, "-fps_mode", "passthrough", "-f", "rawvideo"
    )
    return [_number(pixels[at : at + BLOCKS]) for at in range(0, len(pixels), BLOCKS)]


def beeps(tools: Tools, path: Path, *options: str) -> list[float]:
    """When each beep begins, in seconds from the first sample."""
    band = f"highpass=f={BEEP_HERTZ // 2},aresample={RATE}:async=1:first_pts=0"
    raw = _decode(tools, path, options, "-map", "0:a:0", "-ac", "1", "-af", band, "-f", "s16le")
    samples = array("h", raw)
    threshold = max(map(abs, samples), default=0) * LOUD
    starts, quiet_since = [], -RATE
    for at, sample in enumerate(samples):
        if abs(sample) > threshold:
            if at - quiet_since > RATE // 5:
                starts.append(at / RATE)
            quiet_since = at
    return starts


def _number(blocks: bytes) -> int:
    return sum(1 << bit for bit, block in enumerate(blocks) if block > 125)


def _decode(tools: Tools, path: Path, before: tuple[str, ...], *after: str) -> bytes:
    argv = [str(tools.ffmpeg), "-nostdin", "-v", "error", *before, "-i", str(path), *after, "-"]
    done = subprocess.run(argv, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert not done.stderr, done.stderr.decode()
    return done.stdout
