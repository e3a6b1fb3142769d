"""Nominal frame rate from headers and packet times."""

from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.source.frame_rate import COMMON, FASTEST, fastest, from_times, nominal_rate, tidy

NTSC = Fraction(30000, 1001)


def steady(rate: Fraction, frames: int = 100, *, milliseconds: bool = False) -> list[float]:
    times = [float(frame / rate) for frame in range(frames)]
    return [round(time, 3) for time in times] if milliseconds else times


@pytest.mark.parametrize(
    ("base", "average", "rate"),
    [
        ("25/1", "25/1", Fraction(25)),
        ("30000/1001", "30000/1001", NTSC),
        ("2997/100", "2997/100", NTSC),
        ("25/1", "0/0", Fraction(25)),
        ("30/1", "28900/1000", Fraction(30)),  # a phone that drops frames
        ("60/1", "10/1", Fraction(60)),  # a screen recorder
        ("1/4", "1/4", Fraction(1, 4)),
        ("120/1", "120/1", Fraction(60)),
        ("240/1", "240/1", Fraction(60)),
        ("100/1", "100/1", Fraction(50)),
        ("0/0", "24/1", Fraction(24)),
    ],
)
def test_rate_from_the_header(base: str, average: str, rate: Fraction) -> None:
    assert nominal_rate(base, average, (), interlaced=False) == rate


def test_rate_cannot_be_determined() -> None:
    assert nominal_rate("0/0", "0/0", (), interlaced=False) is None
    assert nominal_rate("", "N/A", (1.0,), interlaced=False) is None
    assert nominal_rate("-25/1", "0/1", (1.0, 1.0, 1.0), interlaced=False) is None


def test_field_rate_is_halved() -> None:
    assert nominal_rate("50/1", "25/1", (), interlaced=True) == 25
    assert nominal_rate("50/1", "25/1", (), interlaced=False) == 50


@pytest.mark.parametrize("rate", COMMON)
def test_rate_from_millisecond_timestamps(rate: Fraction) -> None:
    times = steady(rate, milliseconds=True)
    assert nominal_rate("1000/1", "1000/1", times, interlaced=False) == rate


def test_pauses_and_order_do_not_matter() -> None:
    times = steady(Fraction(30), 50) + [time + 9 for time in steady(Fraction(30), 50)]
    assert nominal_rate("90000/1", "17/1", times[::-1], interlaced=False) == 30


@given(st.lists(st.floats(0, 1e6), max_size=50))
def test_arbitrary_times_are_accepted(times: list[float]) -> None:
    rate = from_times(times)
    assert rate is None or rate >= 0


@given(st.fractions(min_value=Fraction(1, 100), max_value=10**6))
def test_tidy(rate: Fraction) -> None:
    tidied = tidy(rate)
    assert 0 < tidied <= FASTEST
    assert tidy(tidied) == tidied
    assert tidied.denominator <= 1001


@pytest.mark.parametrize("milliseconds", [False, True])
@pytest.mark.parametrize("rate", [Fraction(12), Fraction(15), Fraction(25), NTSC, Fraction(60)])
def test_fastest_part_is_found_after_a_still_one(rate: Fraction, milliseconds: bool) -> None:
    still = steady(Fraction(1), 40)
    moving = [40 + time for time in steady(rate, milliseconds=milliseconds)]
    assert fastest([*moving, *still]) == rate


def test_rate_of_a_shaky_clock_is_not_below_its_frames() -> None:
    steps = (0.033, 0.036, 0.031, 0.036, 0.03, 0.036, 0.038, 0.035, 0.045, 0.027, 0.039, 0.028, 0.042)
    times = list(accumulate(steps * 8))
    assert fastest(times) == NTSC


def test_bursts_and_few_frames_tell_no_rate() -> None:
    burst = [time / 1000 for time in range(20)]
    assert fastest(burst) is None
    assert fastest([0.0, 0.04, 0.08]) is None
