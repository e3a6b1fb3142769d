"""What operators enter: the end of maintenance in the institution's zone, its notice, the age limit."""

from datetime import UTC, datetime, timedelta

import pytest

from server.core.errors import Invalid
from server.core.web.middleware.maintenance import retry_seconds
from server.operations.upkeep.rules import clean_days, clean_message, clean_until

NOW = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)  # 17:00 in Berlin


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", None),
        ("18:30", datetime(2026, 11, 27, 17, 30, tzinfo=UTC)),
        ("8:05", datetime(2026, 11, 28, 7, 5, tzinfo=UTC)),  # has passed today
        ("2026-12-01 18:30", datetime(2026, 12, 1, 17, 30, tzinfo=UTC)),
        ("2026-12-01T18:30", datetime(2026, 12, 1, 17, 30, tzinfo=UTC)),
    ],
)
def test_expected_end(typed: str, expected: datetime | None) -> None:
    assert clean_until(typed, "Europe/Berlin", NOW) == expected


@pytest.mark.parametrize(
    "typed", ["soon", "25:00", "2026-13-01 10:00", "2020-01-01 10:00", "\u0661\u0668:30"]
)
def test_expected_end_that_is_none(typed: str) -> None:
    with pytest.raises(Invalid):
        clean_until(typed, "Europe/Berlin", NOW)


def test_notice() -> None:
    assert clean_message("  New disks.\nBack at six. ") == "New disks. Back at six."
    assert clean_message("\u200b") == ""
    with pytest.raises(Invalid):
        clean_message("a" * 501)


def test_days() -> None:
    assert (clean_days(""), clean_days("0"), clean_days(" 365 ")) == (None, None, 365)
    for typed in ("-1", "1.5", "36501", "\u0661"):
        with pytest.raises(Invalid):
            clean_days(typed)


def test_retry_after_the_expected_end_within_bounds() -> None:
    assert retry_seconds(None, NOW) == 60
    assert retry_seconds(NOW + timedelta(minutes=5), NOW) == 300
    assert retry_seconds(NOW + timedelta(days=1), NOW) == 3600
    assert retry_seconds(NOW - timedelta(days=1), NOW) == 60
