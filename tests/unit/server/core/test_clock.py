"""Local days and hours of the institution, over changes to and from summer time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.clock import DOUBT, ClockWatch, local_day, local_noon, next_local_hour

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe")
moments = st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("at", "zone", "day_start_hour", "day"),
    [
        (datetime(2026, 11, 22, 1, 30, tzinfo=UTC), "UTC", 0, date(2026, 11, 22)),
        (datetime(2026, 11, 22, 1, 30, tzinfo=UTC), "UTC", 4, date(2026, 11, 21)),
        (datetime(2026, 11, 22, 1, 30, tzinfo=UTC), "America/New_York", 0, date(2026, 11, 21)),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "Europe/Berlin", 0, date(2026, 11, 23)),
    ],
)
def test_local_day(at: datetime, zone: str, day_start_hour: int, day: date) -> None:
    assert local_day(at, zone, day_start_hour) == day


@given(moments, st.sampled_from(ZONES), st.integers(0, 23))
def test_next_local_hour_is_the_hour_and_at_most_two_days_away(at: datetime, zone: str, hour: int) -> None:
    following = next_local_hour(at, zone, hour)
    assert at < following <= at + timedelta(hours=49)
    shown = following.astimezone(ZoneInfo(zone))
    assert shown.hour == hour or shown.hour == (hour + 1) % 24  # skipped by the change to summer time


@given(moments, st.sampled_from(ZONES), st.integers(0, 23))
def test_every_local_day_has_one(at: datetime, zone: str, hour: int) -> None:
    first = next_local_hour(at, zone, hour)
    second = next_local_hour(first, zone, hour)
    one, two = (moment.astimezone(ZoneInfo(zone)).date() for moment in (first, second))
    assert one < two


def test_hour_that_is_skipped() -> None:
    before = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert next_local_hour(before, "Europe/Berlin", 2) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 3:00


def test_hour_that_occurs_twice_is_the_first() -> None:
    before = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    assert next_local_hour(before, "Europe/Berlin", 2) == datetime(2026, 10, 25, 0, 0, tzinfo=UTC)


@given(
    st.dates(date(2015, 1, 1), date(2035, 1, 1)),
    st.sampled_from((*ZONES, "Pacific/Auckland", "Pacific/Honolulu")),
    st.integers(0, 23),
)
def test_noon_is_in_its_local_day(day: date, zone: str, hour: int) -> None:
    noon = local_noon(day.isoformat(), zone, hour)
    assert local_day(noon, zone, hour) == day
    assert noon.astimezone(ZoneInfo(zone)).hour == 12


def test_doubt_begins_with_a_leap_and_ends() -> None:
    passed, now = 1000.0, datetime(2026, 11, 22, tzinfo=UTC)
    watch = ClockWatch(lambda: passed)
    assert not watch.in_doubt(now)
    for hours in (-30, 5, 24 * 7):  # set back, corrected, and a week of sleep
        passed += 3600 * hours if hours > 6 else 0
        now += timedelta(hours=hours)
        assert not watch.in_doubt(now)
    now += timedelta(hours=7)
    assert watch.in_doubt(now)
    passed += DOUBT.total_seconds() - 1
    now += DOUBT - timedelta(seconds=1)
    assert watch.in_doubt(now)
    passed += 1
    assert not watch.in_doubt(now)
    assert not watch.in_doubt(now)
