"""When a dead process is started again, and when that is given up."""

FIRST_DELAY = 0.5  # seconds
LONGEST_DELAY = 30.0
STABLE_AFTER = 30.0  # seconds of life after which earlier deaths no longer count
TRIES_AT_START = 4
CONFIGURATION = 78  # EX_CONFIG of sysexits.h: trying again changes nothing


def restart_delay(deaths: int) -> float:
    """Seconds to wait after the given number of quick deaths in a row, counted from 1."""
    return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(deaths - 1, 16)))


def deaths_in_a_row(before: int, lived: float) -> int:
    return 1 if lived >= STABLE_AFTER else before + 1


def gives_up(deaths: int, exit_code: int, *, started: bool) -> bool:
    """`started`: whether everything has once been up. From then on only a person gives up."""
    return not started and (exit_code == CONFIGURATION or deaths >= TRIES_AT_START)


def ending(exit_code: int) -> str:
    """How a process ended, in words. Negative codes are signals, as in `subprocess`."""
    if exit_code < 0:
        return f"was ended by signal {-exit_code}"
    return "ended" if exit_code == 0 else f"ended with code {exit_code}"
