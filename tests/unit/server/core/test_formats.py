"""Formatting of numbers, times and sizes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.text import formats

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "clock", "spoken"),
    [
        (None, "", "0 s"),
        (0, "0:00", "0 s"),
        (59.4, "0:59", "59 s"),
        (59.6, "1:00", "1 min"),
        (3599.7, "1:00:00", "1 h 0 min"),
        (3725, "1:02:05", "1 h 2 min"),
        (36_000, "10:00:00", "10 h 0 min"),
    ],
)
def test_clock_time_and_spoken_time(seconds: float | None, clock: str, spoken: str) -> None:
    assert (formats.clock_time(seconds), formats.spoken_time(seconds)) == (clock, spoken)


@given(st.integers(0, 10**7))
def test_clock_time_is_exact_to_the_second(seconds: int) -> None:
    parts = [int(part) for part in formats.clock_time(seconds).split(":")]
    assert sum(part * 60**power for power, part in enumerate(reversed(parts))) == seconds


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 kB"),
        (1_440_000_000, "1.4 GB"),
        (250_000_000, "250 MB"),
        (5e15, "5,000 TB"),
    ],
)
def test_file_size(count: float, text: str) -> None:
    assert formats.file_size(count) == text


def test_days_and_moments_use_the_given_time_zone() -> None:
    assert formats.day(NOON.replace(hour=23), "Europe/Berlin") == "Jul 2, 2026"
    assert formats.moment(NOON, "Europe/Berlin") == "Jul 1, 2026, 2:00\u00a0PM"


@pytest.mark.parametrize(
    ("name", "letters"), [("Ada", "A"), ("ada lovelace", "AL"), ("Niels Henrik Abel", "NA"), ("", "")]
)
def test_initials(name: str, letters: str) -> None:
    assert formats.initials(name) == letters


def test_translated_keeps_percent_signs() -> None:
    assert formats.translated("100 % of %(it)s") == "100 % of %(it)s"
    assert formats.translated("") == ""
