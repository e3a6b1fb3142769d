"""What of the reported spans is credited: cheats are slowed to real time, honest viewers lose nothing."""

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.watching import rules, spans
from server.watching.rules import Allowance, Seen
from server.watching.spans import TENTHS, Spans
from tests.world.clock import START

HOUR = 3600 * TENTHS


def seen(start: float, end: float, after: float, rate: float = 1.0) -> Seen:
    return Seen(spans.tenths(start), spans.tenths(end), rate, START + timedelta(seconds=after))


def full(duration: int) -> Allowance:
    return Allowance(rules.cap(duration), START)


@pytest.mark.parametrize(("seconds", "most"), [(20, 17), (600, 75), (3600, 120), (40_000, 120)])
def test_cap(seconds: int, most: float) -> None:
    assert rules.cap(seconds * TENTHS) == most


def test_allowance_grows_with_the_servers_clock_up_to_its_cap() -> None:
    empty = Allowance(0, START)
    assert rules.grown(empty, START + timedelta(seconds=10), 120).balance == 20.5
    assert rules.grown(empty, START + timedelta(hours=1), 120).balance == 120
    assert rules.grown(Allowance(120, START), START + timedelta(seconds=1), 20).balance == 120
    assert rules.grown(empty, START - timedelta(hours=1), 120) == empty


def test_allowance_grows_again_when_the_clock_was_set_back() -> None:
    ahead, now = Allowance(5, START + timedelta(hours=1)), START
    made = [seen(0, 5, -5), seen(5, 10, 0)]
    assert rules.restarted(ahead, made, now) == Allowance(5, START - timedelta(seconds=5))
    assert rules.restarted(ahead, [seen(0, 5, -9999)], now).as_of == START - timedelta(hours=1)
    assert rules.restarted(ahead, [], now).as_of == now
    within_skew = Allowance(5, START + timedelta(seconds=20))
    assert rules.restarted(within_skew, made, now) == within_skew


def test_oldest_spans_are_paid_first() -> None:
    late, early = seen(500, 560, 60), seen(0, 100, 50)
    got = rules.credit(Allowance(30, START + timedelta(seconds=60)), (), [late, early], HOUR, START)
    assert got.coverage == ((0, 300),)
    assert got.dropped == 700 + 600
    assert got.allowance.balance == 0


def test_known_spans_cost_nothing() -> None:
    got = rules.credit(Allowance(5, START), ((0, 1000),), [seen(0, 100, 0), seen(90, 104, 0)], HOUR, START)
    assert (got.coverage, got.allowance.balance, got.dropped) == (((0, 1040),), 1.0, 0)


def test_spans_faster_than_the_player_are_dropped() -> None:
    got = rules.credit(full(HOUR), (), [seen(0, 100, 10, rate=16)], HOUR, START)
    assert (got.coverage, got.dropped) == ((), 1000)


def test_spans_are_paid_when_they_were_made() -> None:
    """A tab that was offline for ten minutes on a video it had buffered."""
    late = [seen(n * 10, n * 10 + 10, n * 10 + 10) for n in range(60)]
    got = rules.credit(Allowance(15, START), (), late, HOUR, START)
    assert (got.coverage, got.dropped) == (((0, 6000),), 0)


@pytest.mark.parametrize("wrong", [0, 86_400_000, -86_400_000])
def test_clients_clock_does_not_matter(wrong: float) -> None:
    now, opened = START + timedelta(minutes=5), START
    at = 1e12 + wrong
    assert rules.made_at(at, at + 30_000, now, opened) == now - timedelta(seconds=30)
    assert rules.made_at(at, at - 5, now, opened) == now
    assert rules.made_at(at, at + 1e15, now, opened) == opened


any_seen = st.lists(
    st.builds(
        seen,
        st.floats(-10, 700),
        st.floats(-10, 700),
        st.floats(0, 5000),
        st.sampled_from([0.5, 1.0, 2.0, 3.0]),
    ),
    max_size=20,
)


@given(any_seen, st.floats(0, 500))
def test_credit_never_exceeds_what_is_paid_for(drawn: list[Seen], balance: float) -> None:
    duration = 600 * TENTHS
    got = rules.credit(Allowance(balance, START), (), drawn, duration, START)
    assert got.coverage == spans.clip(spans.union(got.coverage), duration)
    last = max((one.made for one in drawn), default=START)
    most = balance + rules.GROWTH * (last - START).total_seconds()
    assert spans.length(got.coverage) / TENTHS <= most + 0.1
    assert got.allowance.balance >= 0
    assert 0 <= rules.percent(got.coverage, duration) <= 100


@given(any_seen)
def test_repetition_adds_nothing(drawn: list[Seen]) -> None:
    once = rules.credit(Allowance(1e6, START), (), drawn, HOUR, START)
    again = rules.credit(once.allowance, once.coverage, drawn, HOUR, START)
    assert again.coverage == once.coverage
    assert again.allowance.balance == once.allowance.balance


@pytest.mark.parametrize("gap", [0.0, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("sessions", [1, 2, 20])
@pytest.mark.parametrize("lessons", [1, 3])
@pytest.mark.parametrize("backdated", [False, True])
def test_no_lesson_of_an_hour_is_completed_in_25_minutes(
    gap: float, sessions: int, lessons: int, backdated: bool
) -> None:
    """Every session asks for all of every lesson, as often as it can; 90 % is completion."""
    allowance, elapsed = full(HOUR), 0.0
    coverages: list[Spans] = [()] * lessons
    rng = random.Random(7)
    while elapsed < 25 * 60:
        for _ in range(sessions):
            for lesson in range(lessons):
                made = elapsed * rng.random() if backdated else elapsed
                got = rules.credit(allowance, coverages[lesson], [seen(0, 3600, made, rate=2.0)], HOUR, START)
                allowance, coverages[lesson] = got.allowance, got.coverage
        elapsed += max(gap, 0.1) * (20 if gap <= 0.1 else 1)  # the closest ones: every 20th
    assert all(rules.percent(coverage, HOUR) < 90 for coverage in coverages)


def test_late_report_of_a_second_device_is_paid_from_what_the_cap_discarded() -> None:
    """A laptop that was offline for ten minutes reports after the phone has gone on for another ten."""
    offline = [seen(at, at + 5, at + 5) for at in range(0, 600, 5)]
    online = [seen(at, at + 5, at + 5) for at in range(600, 1200, 5)]
    allowance, coverage = full(HOUR), spans.union()
    for start in range(0, len(online), 2):
        got = rules.credit(allowance, coverage, online[start : start + 2], HOUR, START)
        allowance, coverage = got.allowance, got.coverage
    got = rules.credit(allowance, coverage, offline, HOUR, START)
    assert (got.coverage, got.dropped) == (((0, 1200 * TENTHS),), 0)


def test_discarded_growth_pays_only_for_what_was_played_then() -> None:
    idle = rules.grown(Allowance(0, START), START + timedelta(hours=1), 120)
    opened = START + timedelta(minutes=50)
    late = rules.credit(idle, (), [seen(0, 3000, 3000, rate=2.0)], HOUR, opened)
    assert spans.length(late.coverage) == 120 * TENTHS  # played before the session was opened
    now = rules.credit(idle, (), [seen(0, 600, 3600, rate=1.0)], HOUR, opened)
    assert spans.length(now.coverage) == 600 * TENTHS
    again = rules.credit(now.allowance, now.coverage, [seen(600, 2400, 3600, rate=2.0)], HOUR, opened)
    assert spans.length(again.coverage) < (600 * rules.GROWTH + 121) * TENTHS


def honest_hours(rng: random.Random, hours: float) -> float:
    """Seconds that one honest viewer lost in so many hours of watching.

    Lessons of 20 s to two hours, at 1× to 2×, in spans of at most 5 s, sent every 10 s; now and then the
    network is away for minutes, the machine sleeps, or another device goes on.
    """
    now, watched, lost = 0.0, 0.0, 0
    allowance: Allowance | None = None
    while watched < hours * 3600:
        duration = rng.choice([20, 45, 61, 300, 900, 3600, 7200]) * TENTHS
        rate = rng.choice([1.0, 1.25, 1.5, 2.0])
        allowance = allowance or full(duration)
        coverage: Spans = ()
        at, unsent = 0.0, []
        offline_until = 0.0
        while at < duration / TENTHS:
            took = min(5.0, (duration / TENTHS - at) / rate)
            now, watched = now + took, watched + took
            unsent.append(seen(at, at + took * rate, now, rate))
            at += took * rate
            if rng.random() < 0.002:
                offline_until = now + rng.uniform(5, 400)
            if rng.random() < 0.002:
                now += rng.uniform(60, 30_000)  # sleep; the player stops
            if (now >= offline_until and len(unsent) >= 2) or at >= duration / TENTHS:
                got = rules.credit(allowance, coverage, unsent, duration, START)
                allowance, coverage, unsent = got.allowance, got.coverage, []
                lost += got.dropped
        lost += duration - spans.length(coverage) if spans.length(coverage) < duration - 1 else 0
    return lost / TENTHS


@pytest.mark.parametrize("seed", range(20))
def test_a_thousand_hours_of_honest_watching_lose_nothing(seed: int) -> None:
    assert honest_hours(random.Random(seed), 50) == 0.0


@pytest.mark.parametrize(
    ("watched", "minutes_ago", "is_view"),
    [(9.9, None, False), (10, None, True), (60, 59, False), (60, 60, True)],
)
def test_view(watched: float, minutes_ago: float | None, is_view: bool) -> None:
    last = None if minutes_ago is None else START - timedelta(minutes=minutes_ago)
    assert rules.is_new_view(watched, last, START) is is_view


@pytest.mark.parametrize(
    ("position", "duration", "at"),
    [(29, 600, 0), (30, 600, 30), (569, 600, 569), (570, 600, 0), (600, 600, 0), (30, 60, 0), (30, 61, 30)],
)
def test_resume(position: float, duration: float, at: float) -> None:
    assert rules.resume_at(position, duration) == at


def test_delivered_segments_as_spans() -> None:
    assert rules.delivered(bytes([0b1011]), 6.0, 230) == ((0, 120), (180, 230))
    assert rules.delivered(b"", 6.0, 230) == ()
