"""Loudness of an audio stream, heard at places all over it, and the gain that makes it even. Pure.

A loudness filter that adapts while it runs begins too quietly after a silence and takes half a minute to
recover. A gain that is known before the first sample is right from the beginning.
"""

import math
import re
from collections.abc import Iterable, Iterator

import msgspec

from transcoder.media import Heard, Sides

# Places at which a lecture is heard; all of one that is not longer than they are.
PLACES, PLACE_SECONDS = 8, 5.0

TARGET = -16.0  # LUFS
MOST_GAIN = 30.0  # dB; more would only raise noise
BLOCKS = ("lavfi.r128.M", "lavfi.astats.1.RMS_level", "lavfi.astats.2.RMS_level")

# Gates of EBU R 128: what is quieter is no programme.
ABSOLUTE_GATE, RELATIVE_GATE = -70.0, -10.0
SILENT = -60.0  # LUFS, of a track, or dB of a channel
BESIDE = 30.0  # dB by which the other channel must be louder


class Block(msgspec.Struct, frozen=True):
    """Hundred milliseconds of audio."""

    loudness: float  # momentary, LUFS
    left: float  # RMS level, dB
    right: float


def places(start: float, duration: float) -> list[tuple[float, float]]:
    """(begin, length) of the places in seconds of the file's timestamps."""
    if duration <= PLACES * PLACE_SECONDS:
        return [(start, max(duration, PLACE_SECONDS))]
    step = duration / PLACES
    return [(start + step * (n + 0.5) - PLACE_SECONDS / 2, PLACE_SECONDS) for n in range(PLACES)]


def read(metadata: str) -> Iterator[Block]:
    """Blocks from the output of `ametadata=print`."""
    for frame in metadata.split("frame:")[1:]:
        found = dict(re.findall(r"^(lavfi\S+)=(\S+)$", frame, re.M))
        loudness, left, right = (_number(found.get(name)) for name in BLOCKS)
        if loudness is not None:
            one = -math.inf if left is None else left
            yield Block(loudness, one, one if right is None else right)


def judge(blocks: Iterable[Block]) -> Heard | None:
    """Treatment of audio with these blocks, from any places; without any it is not known."""
    heard = list(blocks)
    if not heard:
        return None
    whole = _gated([block.loudness for block in heard])
    if whole is None or whole < SILENT:
        return Heard(silent=True)
    left, right = (_mean([getattr(block, side) for block in heard]) for side in ("left", "right"))
    sides = Sides.BOTH
    if max(left, right) > SILENT and abs(left - right) > BESIDE:
        sides = Sides.LEFT if left > right else Sides.RIGHT
        whole += 10 * math.log10(2)  # it is copied to the other side
    return Heard(gain=round(min(TARGET - whole, MOST_GAIN), 2), sides=sides)


def _gated(loudness: list[float]) -> float | None:
    """Integrated loudness of overlapping blocks (ITU-R BS.1770); None of silence."""
    loud = [value for value in loudness if value > ABSOLUTE_GATE]
    if not loud:
        return None
    gate = _mean(loud) + RELATIVE_GATE
    return _mean([value for value in loud if value > gate])


def _mean(decibels: list[float]) -> float:
    """Level of the mean power."""
    power = sum(10 ** (value / 10) for value in decibels) / len(decibels)
    return 10 * math.log10(power) if power > 0 else -math.inf


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text != "nan" else None
