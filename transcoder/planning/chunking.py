"""Chunk sizes of a lecture, in segments. Pure."""

from collections.abc import Callable, Iterator
from math import ceil

# Short at the start, so that a lecture can be played after seconds and the playhead never catches up
# with the encoders; then 48 s, because every chunk decodes from the keyframe before it, a waste of
# some seconds; from ten minutes on a minute.
RAMP = (1, 1, 1, 2, 3, 3, 4)
STEADY, STEADY_UNTIL, LONG = 8, 100, 10
# A chunk has at most 1/PART of the remaining segments, down to a single one, so that no worker is idle
# for long while another finishes the last chunk. Best for two workers; for four, 3 would be better
# by 3 % (docs/benchmarks.md).
PART = 2.5

# Where keyframes are known a chunk may be up to half longer, or shorter, to end near one. The cost of a
# cut: encoding time equivalent to starting an encoder, plus what the next chunk decodes and discards.
CUT_SECONDS = 6.0
FIXED = 2  # leading chunks of fixed size, which make the lecture playable

WastedSeconds = Callable[[int], float | None]  # for a cut before this segment: see `seeking.wasted_seconds`


def sizes(total: int, last: float, wasted_seconds: WastedSeconds) -> Iterator[int]:
    """Segments per chunk, summing up to `total`. `last`: length of the last segment, as a fraction."""
    done = number = 0
    while done < total:
        left = total - done
        size = _size(number, done, left, wasted_seconds)
        # Starting an encoder for a last chunk of half a segment costs more than encoding it.
        if left - size == 1 and last < 0.5:
            size = left
        yield size
        done += size
        number += 1


def _size(number: int, done: int, left: int, wasted_seconds: WastedSeconds) -> int:
    part = ceil(left / PART)
    wanted = min(RAMP[number] if number < len(RAMP) else STEADY if done < STEADY_UNTIL else LONG, part)
    if number < FIXED:
        return wanted
    # The size with the lowest cost per segment of the cut at its end.
    costs = {}
    for size in range(1, min(wanted + (wanted + 1) // 2, part) + 1):
        wasted = wasted_seconds(done + size) if size < left else 0.0
        if wasted is None:
            return wanted
        costs[size] = (CUT_SECONDS + wasted) / size
    return min(costs, key=lambda size: (costs[size], abs(size - wanted)))
