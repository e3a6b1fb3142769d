"""Retries of messages: when again, and when no more. Pure."""

from datetime import timedelta

FIRST_RETRY = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
AWAY = timedelta(minutes=1)  # until a server that does not answer is asked again, however much waits for it
GIVE_UP = timedelta(days=4)  # as long as mail servers try (RFC 5321 4.5.4.1)
KEPT = timedelta(days=30)  # records of messages that were sent or given up


def wait(attempts: int) -> timedelta:
    """Time from one attempt to the next, after `attempts` of them: 1, 2, 4 … 240 minutes."""
    doublings = max(0, min(attempts - 1, 20))
    return min(FIRST_RETRY * (1 << doublings), LONGEST_WAIT)
