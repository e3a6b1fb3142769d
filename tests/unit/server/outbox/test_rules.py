"""Waits between attempts."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.outbox import rules


def test_waits_double() -> None:
    assert [rules.wait(attempts) for attempts in (1, 2, 3)] == [timedelta(minutes=n) for n in (1, 2, 4)]


@given(st.integers(0, 10**6))
def test_wait_is_bounded(attempts: int) -> None:
    assert rules.FIRST_RETRY <= rules.wait(attempts) <= rules.LONGEST_WAIT
