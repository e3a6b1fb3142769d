"""Retention, re-watch heat and drop-off over a hundred steps of a lecture. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

import msgspec

STEPS = 100
MOST_DROPS = 3
LEAST_DROP = 0.1  # of the viewers that one step must lose to be named


class Drop(msgspec.Struct, frozen=True):
    """Drop-off: a moment after which many did not go on."""

    at: float  # seconds
    viewers: int  # who left


def counts(sets: Iterable[Iterable[Sequence[int]]], duration: int) -> list[int]:
    """How many of the sets of spans have seen each step: its middle."""
    moments: dict[int, int] = defaultdict(int)  # spans that begin at a tenth of a second, less those that end
    for one in sets:
        for start, end in one:
            moments[start] += 1
            moments[end] -= 1
    changes = [0] * (STEPS + 1)
    for tenth, change in moments.items():
        changes[_first_step(tenth, duration)] += change
    return list(accumulate(changes[:STEPS]))


def _first_step(tenth: int, duration: int) -> int:
    """First step whose middle is not before this tenth of a second."""
    if duration <= 0:
        return STEPS
    # The middle of step n is at (2 n + 1) duration / 200.
    step = -(-(2 * STEPS * tenth - duration) // (2 * duration))
    return min(max(step, 0), STEPS)


def drops(retention: Sequence[int], viewers: int, duration: int) -> list[Drop]:
    """The steps that lose most viewers, in the order of the lecture; the last tenth is the usual end."""
    losses = [
        (before - after, step)
        for step, (before, after) in enumerate(pairwise(retention), start=1)
        if step < STEPS * 0.9 and before - after >= max(1.0, viewers * LEAST_DROP)
    ]
    named = sorted(losses, key=lambda loss: (-loss[0], loss[1]))[:MOST_DROPS]
    return [
        Drop(at=step * duration / STEPS / 10, viewers=lost)
        for lost, step in sorted(named, key=lambda loss: loss[1])
    ]
