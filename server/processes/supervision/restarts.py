"""Restart policy: delay after an exit, and when a start has failed."""

FIRST_DELAY = 0.5  # seconds
LONGEST_DELAY = 30.0
STABLE_AFTER = 30.0  # seconds of uptime after which earlier exits no longer count
TRIES_AT_START = 4
CONFIGURATION = 78  # EX_CONFIG of sysexits.h: a retry changes nothing


def restart_delay(exits: int) -> float:
    """Seconds to wait after the given number of quick exits in a row, counted from 1."""
    return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(exits - 1, 16)))


def exits_in_a_row(before: int, uptime: float) -> int:
    return 1 if uptime >= STABLE_AFTER else before + 1


def start_failed(exits: int, exit_code: int, *, started: bool) -> bool:
    """Whether the start has failed. `started`: everything was up once; from then on restarts never end."""
    return not started and (exit_code == CONFIGURATION or exits >= TRIES_AT_START)


def describe_exit(exit_code: int) -> str:
    """Exit code in words. Negative codes are signals, as in `subprocess`."""
    if exit_code < 0:
        return f"was ended by signal {-exit_code}"
    return "ended" if exit_code == 0 else f"ended with code {exit_code}"
