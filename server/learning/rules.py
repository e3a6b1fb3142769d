"""Rules of completion: when a video lesson is done, what is missing, and progress through a course. Pure."""

import msgspec

from server.watching import spans
from server.watching.spans import TENTHS, Spans

SHORTEST_GAP = 1 * TENTHS  # a gap that is worth a link
MOST_GAPS = 5


class Missing(msgspec.Struct, frozen=True):
    """What is still to be watched. Empty when the lesson can be completed."""

    seconds: float  # that are needed up to the threshold
    gaps: tuple[tuple[float, float], ...] = ()  # from, to: the first gaps that are long enough to matter


def needed(duration: int, threshold: int) -> int:
    """Tenths of a second to be covered. `threshold`: percent of the video."""
    return -(-duration * threshold // 100)


def missing(covered: Spans, duration: int, threshold: int) -> Missing:
    """What `covered` lacks for completion of a video of `duration` tenths of a second."""
    inside = spans.clip(covered, duration)
    left = needed(duration, threshold) - spans.length(inside)
    if left <= 0:
        return Missing(0.0)
    gaps = spans.difference(((0, duration),), inside)
    shown = [gap for gap in gaps if gap[1] - gap[0] >= SHORTEST_GAP] or list(gaps)
    return Missing(left / TENTHS, tuple((start / TENTHS, end / TENTHS) for start, end in shown[:MOST_GAPS]))


def percent(done: int, required: int) -> int:
    """Progress through a course: computed from what is required now, 0 without any requirement."""
    return 100 * min(done, required) // required if required > 0 else 0


def is_halfway(done: int, required: int) -> bool:
    """Whether half of the lessons that are required now are completed."""
    return required > 0 and 2 * done >= required
