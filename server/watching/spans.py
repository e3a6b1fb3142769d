"""Sets of time intervals: sorted, disjoint, half-open, in whole tenths of a second. Pure."""

from collections.abc import Iterable, Sequence

Span = tuple[int, int]  # from, to
Spans = tuple[Span, ...]

TENTHS = 10  # per second


def tenths(seconds: float) -> int:
    return round(seconds * TENTHS)


def union(*sets: Iterable[Span]) -> Spans:
    """Union of any spans, also overlapping or empty ones. Spans that touch become one."""
    merged: list[Span] = []
    for start, end in sorted(span for spans in sets for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def intersection(one: Spans, other: Spans) -> Spans:
    found: list[Span] = []
    left, right = 0, 0
    while left < len(one) and right < len(other):
        start, end = max(one[left][0], other[right][0]), min(one[left][1], other[right][1])
        if start < end:
            found.append((start, end))
        if one[left][1] < other[right][1]:
            left += 1
        else:
            right += 1
    return tuple(found)


def difference(one: Spans, other: Spans) -> Spans:
    """What of `one` is not in `other`."""
    if not one:
        return ()
    gaps, at = [], one[0][0]
    for start, end in other:
        gaps.append((at, start))
        at = max(at, end)
    gaps.append((at, max(at, one[-1][1])))
    return intersection(one, tuple(gap for gap in gaps if gap[0] < gap[1]))


def clip(spans: Iterable[Span], end: int) -> Spans:
    """The spans inside 0 to `end`."""
    return tuple((max(0, start), min(stop, end)) for start, stop in spans if max(0, start) < min(stop, end))


def length(spans: Iterable[Span]) -> int:
    """Tenths of a second in disjoint spans."""
    return sum(end - start for start, end in spans)


def at_most(spans: Spans, most: int) -> Spans:
    """The set with its earliest gaps closed until it has at most `most` spans."""
    if len(spans) <= most:
        return spans
    closed = len(spans) - most
    return ((spans[0][0], spans[closed][1]), *spans[closed + 1 :])


def first(spans: Spans, most: int) -> Spans:
    """The first `most` tenths of a second of the spans."""
    taken: list[Span] = []
    for start, end in spans:
        if most <= 0:
            break
        taken.append((start, min(end, start + most)))
        most -= end - start
    return tuple(taken)


def from_json(rows: Sequence[Sequence[int]] | None) -> Spans:
    return tuple((int(start), int(end)) for start, end in rows or ())


def to_json(spans: Spans) -> list[list[int]]:
    return [list(span) for span in spans]
