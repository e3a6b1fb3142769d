"""Nominal frame rate of a lecture, from header values and packet times. Pure."""

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median_low

FASTEST = Fraction(60)
COMMON = tuple(
    Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60")
)
SLOWEST = Fraction(1, 1000)
SHORTEST_STEP = 1e-4  # seconds
CLOSE = Fraction(1, 1000)  # notations of one rate differ by less, 24 and 23.976 by about as much
ALIKE = 0.02
RUN = 12  # frame distances


def nominal_rate(base: str, average: str, times: Sequence[float], *, interlaced: bool) -> Fraction | None:
    """Nominal frame rate; None when it cannot be determined.

    `base` is ffprobe's r_frame_rate, the lowest rate that represents every timestamp; `average` its
    avg_frame_rate; `times` of the first frames in seconds, in any order.
    """
    clock, mean = parse(base), parse(average)
    if interlaced and clock and mean and abs(clock / mean - 2) < ALIKE:
        clock = mean  # a field rate: a frame has two fields
    if clock and mean and abs(clock / mean - 1) < ALIKE and clock <= FASTEST:
        return tidy(clock)
    if clock is None or clock > FASTEST:
        # The container's timescale instead of a frame rate (1000 in WebM), or a high-speed camera.
        clock = from_times(times) or mean or clock
    return tidy(clock) if clock else None


def fastest(times: Iterable[float]) -> Fraction | None:
    """Rate of the fastest part of a lecture, from presentation times in any order and from any places.

    A browser records a still slide with a frame a second, and what moves with thirty: the head of the file
    does not tell. None when no part has RUN frames at a rate of at most FASTEST.
    """
    ordered = sorted(set(times))
    shortest = RUN / float(FASTEST) * (1 - ALIKE)  # shorter ones are bursts of a stuttering recorder
    lengths = (ordered[at + RUN] - ordered[at] for at in range(0, len(ordered) - RUN, RUN // 2))
    runs = sorted(length for length in lengths if length >= shortest)
    if len(runs) < 2:
        return None
    top = runs[max(1, len(runs) // 50)]
    alike = [length for length in runs if length <= top * 1.2]
    return _next(RUN * len(alike) / sum(alike))


def _next(rate: float) -> Fraction:
    """Usual rate that is nearest, or the next higher one, so that no frame of a shaky clock is dropped."""
    near = min(COMMON, key=lambda common: abs(common - rate))
    if abs(rate / near - 1) < ALIKE / 2:
        return near
    higher = [common for common in COMMON if common > rate]
    return Fraction(math.ceil(rate * (1 - ALIKE))) if rate < COMMON[0] else higher[0]


def parse(text: str) -> Fraction | None:
    """Rate of ffprobe's "30000/1001"; None for "0/0"."""
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
    return rate if rate >= SLOWEST else None


def from_times(times: Sequence[float]) -> Fraction | None:
    """Rate of the typical frame distance, ignoring pauses and bursts."""
    ordered = sorted(times)
    steps = [after - before for before, after in pairwise(ordered) if after - before > SHORTEST_STEP]
    if len(steps) < 2:
        return None
    # The mean of the typical distances: timestamps in whole milliseconds turn one distance into 33 and 34.
    middle = median_low(steps)
    usual = [step for step in steps if abs(step - middle) <= max(0.0015, middle * 0.1)]
    rate = Fraction(len(usual) / sum(usual)).limit_denominator(1001)
    near = min(COMMON, key=lambda common: abs(common - rate))
    if abs(rate / near - 1) < ALIKE / 2:
        return near
    return rate if rate >= SLOWEST else None


def tidy(rate: Fraction) -> Fraction:
    """Usable frame rate: at most 60, by dropping frames evenly, with a denominator of at most 1001."""
    if rate > FASTEST:
        rate /= -(-rate // FASTEST)
    for common in COMMON:
        if abs(rate / common - 1) < CLOSE / 2:
            return common
    return rate.limit_denominator(1001)
