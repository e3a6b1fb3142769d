from hypothesis import given
from hypothesis import strategies as st

from server.processes.supervision import restarts


def test_restart_delay_doubles_up_to_30_seconds() -> None:
    assert [restarts.restart_delay(exits) for exits in (1, 2, 3, 4, 7, 8)] == [0.5, 1, 2, 4, 30, 30]


@given(st.integers(min_value=1, max_value=10**9))
def test_restart_delay_never_decreases(exits: int) -> None:
    assert restarts.FIRST_DELAY <= restarts.restart_delay(exits) <= restarts.restart_delay(exits + 1)
    assert restarts.restart_delay(exits) <= restarts.LONGEST_DELAY


def test_stable_uptime_resets_exit_count() -> None:
    assert restarts.exits_in_a_row(7, uptime=restarts.STABLE_AFTER) == 1
    assert restarts.exits_in_a_row(7, uptime=restarts.STABLE_AFTER - 0.1) == 8


@given(st.integers(min_value=1), st.integers(min_value=-64, max_value=255))
def test_restarts_never_end_after_a_complete_start(exits: int, code: int) -> None:
    assert not restarts.start_failed(exits, code, started=True)


def test_start_fails_on_configuration_error_or_repeated_exits() -> None:
    assert restarts.start_failed(1, restarts.CONFIGURATION, started=False)
    assert not restarts.start_failed(restarts.TRIES_AT_START - 1, 1, started=False)
    assert restarts.start_failed(restarts.TRIES_AT_START, 1, started=False)


def test_exit_descriptions() -> None:
    assert restarts.describe_exit(-9) == "was ended by signal 9"
    assert restarts.describe_exit(1) == "ended with code 1"
    assert restarts.describe_exit(0) == "ended"
