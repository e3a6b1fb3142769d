"""Sets of time intervals against sets of tenths of a second."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.watching import spans
from server.watching.spans import Spans

raw = st.lists(st.tuples(st.integers(-20, 200), st.integers(-20, 200)), max_size=12)
sets = raw.map(spans.union)


def points(given_spans: Spans) -> set[int]:
    return {point for start, end in given_spans for point in range(start, end)}


@given(raw)
def test_union_is_idempotent_and_free_of_order(drawn: list[tuple[int, int]]) -> None:
    once = spans.union(drawn)
    assert spans.union(once, drawn) == once
    assert spans.union(reversed(drawn)) == once
    assert points(once) == points(tuple(drawn))
    assert all(one[1] < other[0] for one, other in pairwise(once))


@given(sets, sets)
def test_intersection_and_difference_part_a_set(one: Spans, other: Spans) -> None:
    common, rest = spans.intersection(one, other), spans.difference(one, other)
    assert points(common) == points(one) & points(other)
    assert points(rest) == points(one) - points(other)
    assert spans.union(common, rest) == one
    assert spans.length(common) + spans.length(rest) == spans.length(one)


@given(sets, st.integers(0, 250))
def test_clip_never_exceeds_the_duration(one: Spans, end: int) -> None:
    assert points(spans.clip(one, end)) == {point for point in points(one) if 0 <= point < end}


@given(sets, st.integers(0, 300))
def test_first_takes_from_the_start(one: Spans, most: int) -> None:
    assert points(spans.first(one, most)) == set(sorted(points(one))[:most])


@given(sets)
def test_json_keeps_a_set(one: Spans) -> None:
    assert spans.from_json(spans.to_json(one)) == one


@given(sets, st.integers(1, 6))
def test_at_most_closes_the_earliest_gaps(one: Spans, most: int) -> None:
    bounded = spans.at_most(one, most)
    assert len(bounded) <= most
    assert points(one) <= points(bounded)
    assert bounded[1:] == one[len(one) - len(bounded) + 1 :]
