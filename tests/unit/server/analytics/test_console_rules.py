"""Address of the console, its groups and forecast, and the geometry of charts."""

from datetime import date, timedelta
from itertools import pairwise
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.analytics.charts import rules as charts
from server.analytics.console import rules
from server.analytics.console.rules import Compared, ConsoleState, Span, Step
from server.analytics.rules import Range, later, total, trailing
from server.core.errors import Invalid

TODAY = "2026-11-22"
IDS = st.text("abcdef0123456789", max_size=32)
DAYS = st.dates(date(2020, 1, 1), date(2026, 11, 22)).map(date.isoformat)
VALUES = st.lists(st.integers(-10_000, 10**9), min_size=1, max_size=120)


@given(st.sampled_from(Span), DAYS, DAYS, st.sampled_from(Compared), IDS, IDS, IDS, st.integers(1, 99))
def test_address_says_the_whole_state(
    span: Span, first: str, last: str, compare: Compared, course: str, instructor: str, team: str, page: int
) -> None:
    custom = span == Span.CUSTOM
    state = ConsoleState(
        range=span,
        first=first if custom else "",
        last=last if custom else "",
        compare=compare,
        course=course,
        instructor=instructor,
        team=team,
        page=page,
    )
    assert ConsoleState.read(dict(parse_qsl(state.query(page=page)[1:]))) == state


@given(
    st.dictionaries(st.sampled_from(["range", "first", "last", "compare", "course", "page", "x"]), st.text())
)
def test_any_address_is_read(parameters: dict[str, str]) -> None:
    state = ConsoleState.read(parameters)
    assert state.page >= 1
    try:
        rules.chosen(state, TODAY, None)
    except Invalid:
        assert state.range == Span.CUSTOM


def test_ranges() -> None:
    term = Range("2026-10-01", TODAY)
    assert rules.chosen(ConsoleState(range=Span.WEEK), TODAY, None) == Range("2026-11-16", TODAY)
    assert rules.chosen(ConsoleState(range=Span.TERM), TODAY, term) == term
    assert rules.chosen(ConsoleState(range=Span.TERM), TODAY, None) == trailing(TODAY, 30)
    with pytest.raises(Invalid):
        rules.chosen(ConsoleState(range=Span.CUSTOM, first=TODAY, last="2026-11-01"), TODAY, None)


@given(DAYS, st.integers(1, 1100), st.sampled_from(Compared))
def test_compared_days_are_as_many_and_before(first: str, count: int, compare: Compared) -> None:
    days = Range(first, later(first, count - 1))
    before = rules.compared(days, compare)
    assert before.count == days.count
    assert before.last < days.first
    if compare == Compared.YEAR:
        assert date.fromisoformat(before.first).weekday() == date.fromisoformat(first).weekday()


@given(DAYS, st.lists(st.integers(0, 1000), min_size=1, max_size=500), st.sampled_from(Step))
def test_groups_add_up(first: str, values: list[int], step: Step) -> None:
    days = {later(first, place): value for place, value in enumerate(values)}
    groups = rules.grouped(days, step)
    assert total(groups.values()) == sum(values)
    gap = {**days, first: None}
    assert rules.grouped(gap, step)[next(iter(groups))] is None
    assert list(groups) == sorted(groups)


@given(st.integers(0, 10**6), st.lists(st.integers(-50, 50), min_size=1, max_size=90))
def test_running_totals_end_with_what_there_is(total: int, new: list[int]) -> None:
    found = rules.running(total, new)
    assert found[-1] == total
    assert [after - before for before, after in pairwise(found)] == new[1:]


@given(st.integers(1, 10**9), st.integers(0, 10**12), st.integers(8, 120))
def test_straight_growth_is_found(slope: int, start: int, count: int) -> None:
    measured = {later("2026-01-01", number): start + slope * number for number in range(count)}
    found = rules.forecast(measured, slope * 10)
    assert found is not None
    assert found.bytes_a_day == pytest.approx(slope, rel=1e-3)
    assert found.days_left in (9, 10)


def test_forecast_needs_more_than_a_week_and_growth() -> None:
    day = date(2026, 1, 1)
    week = {(day + timedelta(days=number)).isoformat(): number for number in range(7)}
    assert rules.forecast(week, 100) is None
    level = {(day + timedelta(days=number)).isoformat(): 5 for number in range(30)}
    found = rules.forecast(level, 100)
    assert found is not None
    assert (found.bytes_a_day, found.days_left) == (0, None)


@given(VALUES)
def test_axis_holds_zero_and_all_values(values: list[int]) -> None:
    scale = charts.axis(values)
    assert scale.low <= min(0, *values)
    assert scale.high >= max(0, *values)
    assert 0 in scale.ticks
    assert 2 <= len(scale.ticks) <= 8
    steps = {round(after - before, 6) for before, after in pairwise(scale.ticks)}
    assert len(steps) == 1


@given(VALUES, VALUES)
def test_bars_stay_in_the_plot(values: list[int], earlier: list[int]) -> None:
    drawn = charts.bars(values, earlier[: len(values)])
    for bar in drawn.bars:
        assert 0 <= bar.x < bar.x + bar.width <= drawn.width
        assert -0.01 <= bar.y <= bar.y + bar.height <= charts.HEIGHT + 0.02


@given(VALUES)
def test_lines_and_sparklines_stay_in_the_plot(values: list[int]) -> None:
    for points, height in ((charts.lines([values]).points[0], 100), (charts.sparkline(values), 24)):
        places = [tuple(map(float, point.split(","))) for point in points.split()]
        assert len(places) == max(2, len(values))
        assert (places[0][0], places[-1][0]) == (0, 100)
        assert all(0 <= y <= height for _, y in places)


@given(st.floats(0, 100), st.floats(0, 100))
def test_shades_rise_with_the_percentage(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert charts.shade(low) <= charts.shade(high) <= charts.SHADES
    assert (charts.shade(low) == 0) == (low == 0)


def test_no_values_make_no_line() -> None:
    assert charts.sparkline([]) == ""
    assert charts.shade(None) == 0
    assert charts.shares([0, 0]) == [0, 0]
    assert charts.labelled(3) == [0, 1, 2]
    assert charts.labelled(31, 3) == [0, 15, 30]


@given(st.lists(st.none() | st.integers(0, 1000), max_size=40))
def test_lines_leave_out_what_is_not_known(values: list[int | None]) -> None:
    known = [value for value in values if value is not None]
    assert total(values) == (None if None in values else sum(known))
    drawn = charts.lines([values])
    for points in (drawn.points[0], charts.sparkline(values)):
        assert len(points.split()) == (2 if len(values) == 1 and known else len(known))
    assert drawn.ends[0] == (drawn.axis.y(known[-1]) if known else charts.HEIGHT)
