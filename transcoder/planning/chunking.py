"""How many segments each chunk of a lecture has. Pure."""

from collections.abc import Callable, Iterator
from math import ceil

# Short at the start, so that a lecture can be played after seconds and the playhead never catches
# the encoders; then 48 s, for every chunk decodes from the keyframe before it, some seconds for
# nothing; from ten minutes on a minute.
RAMP = (1, 1, 1, 2, 3, 3, 4)
STEADY, STEADY_UNTIL, LONG = 8, 100, 10
# A chunk is at most one in so many of the segments left, down to single ones, so that no worker sits
# idle for long while another finishes the last one. Best for two workers;
# for four, 3 would be better by three parts in a hundred (docs/benchmarks.md).
PART = 2.5

# Where keyframes are known a chunk may be longer by half, or shorter, to end near one: a cut costs as much
# as encoding some seconds, for starting an encoder, and what the next chunk decodes for nothing.
CUT_SECONDS = 6.0
FIXED = 2  # chunks that nothing changes: when they are done the lecture plays

WastedSeconds = Callable[[int], float | None]  # for a cut before this segment: see `seeking.behind`


def sizes(total: int, last: float, wasted_seconds: WastedSeconds) -> Iterator[int]:
    """Segments of each chunk, `total` together. `last` is the last segment's part of a whole one."""
    done = number = 0
    while done < total:
        left = total - done
        size = _size(number, done, left, wasted_seconds)
        # A last chunk of half a segment costs more to start than to encode.
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
    # The size for whose every segment the cut at its end costs least.
    costs = {}
    for size in range(1, min(wanted + (wanted + 1) // 2, part) + 1):
        wasted = wasted_seconds(done + size) if size < left else 0.0
        if wasted is None:
            return wanted
        costs[size] = (CUT_SECONDS + wasted) / size
    return min(costs, key=lambda size: (costs[size], abs(size - wanted)))
