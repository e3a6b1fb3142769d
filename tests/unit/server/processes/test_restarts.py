from hypothesis import given
from hypothesis import strategies as st

from server.processes.supervision import restarts


def test_restarts_wait_longer_and_longer_up_to_half_a_minute() -> None:
    assert [restarts.restart_delay(deaths) for deaths in (1, 2, 3, 4, 7, 8)] == [0.5, 1, 2, 4, 30, 30]


@given(st.integers(min_value=1, max_value=10**9))
def test_no_wait_is_shorter_than_the_one_before(deaths: int) -> None:
    assert restarts.FIRST_DELAY <= restarts.restart_delay(deaths) <= restarts.restart_delay(deaths + 1)
    assert restarts.restart_delay(deaths) <= restarts.LONGEST_DELAY


def test_a_long_life_makes_earlier_deaths_forgotten() -> None:
    assert restarts.deaths_in_a_row(7, lived=restarts.STABLE_AFTER) == 1
    assert restarts.deaths_in_a_row(7, lived=restarts.STABLE_AFTER - 0.1) == 8


@given(st.integers(min_value=1), st.integers(min_value=-64, max_value=255))
def test_nothing_is_given_up_once_everything_was_up(deaths: int, code: int) -> None:
    assert not restarts.gives_up(deaths, code, started=True)


def test_a_start_is_given_up_when_trying_again_changes_nothing() -> None:
    assert restarts.gives_up(1, restarts.CONFIGURATION, started=False)
    assert not restarts.gives_up(restarts.TRIES_AT_START - 1, 1, started=False)
    assert restarts.gives_up(restarts.TRIES_AT_START, 1, started=False)


def test_endings_in_words() -> None:
    assert restarts.ending(-9) == "was ended by signal 9"
    assert restarts.ending(1) == "ended with code 1"
    assert restarts.ending(0) == "ended"
