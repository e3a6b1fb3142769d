"""Decoded content of a file, read from the marks that `tests.media.sources` embeds."""

import subprocess
from array import array
from pathlib import Path

from tests.media.sources import BAND, BEEP_HERTZ, BLOCKS
from transcoder.ffmpeg.tools import Tools

RATE = 8_000  # samples per second, enough for a beep of 1 kHz
BLOCK = 400  # samples
LOUD = 0.2  # fraction of the maximum
BRIGHT = 200  # of 255; the flash is white


def frame_numbers(tools: Tools, path: Path, *options: str) -> list[int]:
    """Embedded number of each decoded frame. `options` precede the input (`-ss`, `-f hls`)."""
    row = f"crop=iw:ih/{BAND * 2}:0:ih/{BAND * 8},scale={BLOCKS}:1:flags=area,setsar=1,format=gray"
    pixels = _decode(
        tools, path, options, "-map", "0:v:0", "-vf", row, "-fps_mode", "passthrough", "-f", "rawvideo"
    )
    return [_number(pixels[at : at + BLOCKS]) for at in range(0, len(pixels), BLOCKS)]


def beeps(tools: Tools, path: Path, *options: str) -> list[float]:
    """Start of each beep, in seconds from the first sample."""
    band = f"highpass=f={BEEP_HERTZ // 2},aresample={RATE}:async=1:first_pts=0"
    raw = _decode(tools, path, options, "-map", "0:a:0", "-ac", "1", "-af", band, "-f", "s16le")
    samples = array("h", raw)
    threshold = max(max(samples, default=0), -min(samples, default=0)) * LOUD
    starts, loud_until = [], -RATE
    for begin in range(0, len(samples), BLOCK):
        block = samples[begin : begin + BLOCK]
        if max(block) <= threshold and min(block) >= -threshold:
            continue  # most blocks: looking at each sample of an hour takes half a minute
        for at, sample in enumerate(block, start=begin):
            if abs(sample) > threshold:
                if at - loud_until > RATE // 5:
                    starts.append(at / RATE)
                loud_until = at
    return starts


def flashes(tools: Tools, path: Path) -> list[float]:
    """Start of each flash of the bottom edge, in seconds from time zero."""
    row = f"crop=iw:ih/{BAND * 2}:0:ih-ih/{BAND * 2},scale=1:1:flags=area,setsar=1,format=gray"
    light = _decode(
        tools, path, (), "-map", "0:v:0", "-vf", row, "-fps_mode", "passthrough", "-f", "rawvideo"
    )
    times = frame_times(tools, path)
    assert len(times) == len(light)
    bright = [pixel > BRIGHT for pixel in light]
    begins = zip(times, bright, [False, *bright], strict=False)
    return [time for time, now, before in begins if now and not before]


def frame_times(tools: Tools, path: Path) -> list[float]:
    """Presentation time of each frame in seconds, without decoding."""
    argv = [str(tools.ffprobe), "-v", "error", "-select_streams", "v:0"]
    argv += ["-show_entries", "packet=pts_time", "-of", "csv=p=0", str(path)]
    output = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return sorted(float(word) for word in output.replace(",", " ").split())


def complaints(tools: Tools, path: Path) -> str:
    """Warnings of ffmpeg while it demuxes all streams to the end, without decoding."""
    argv = [str(tools.ffmpeg), "-nostdin", "-hide_banner", "-v", "warning", "-i", str(path)]
    argv += ["-map", "0", "-c", "copy", "-f", "null", "-"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def start_times(tools: Tools, path: Path) -> list[float]:
    """Start time of each stream, in seconds."""
    argv = [
        str(tools.ffprobe),
        "-v",
        "error",
        "-show_entries",
        "stream=start_time",
        "-of",
        "csv=p=0",
        str(path),
    ]
    output = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return [float(word) for word in output.replace(",", " ").split()]


def _number(blocks: bytes) -> int:
    return sum(1 << bit for bit, block in enumerate(blocks) if block > 125)


def _decode(tools: Tools, path: Path, before: tuple[str, ...], *after: str) -> bytes:
    argv = [str(tools.ffmpeg), "-nostdin", "-v", "error", *before, "-i", str(path), *after, "-"]
    done = subprocess.run(argv, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert not done.stderr, done.stderr.decode()
    return done.stdout
