"""How long things may take. Values, so that tests can hurry; the defaults are the product's."""

from datetime import timedelta

import msgspec

MAX_ATTEMPTS = 3
SHORTEST_DEADLINE = timedelta(minutes=15)
DEADLINE_PER_DURATION = 12  # a job may take this many times the lecture's length
SLOWEST_FETCH = 2 * 2**20  # bytes a second: a sixth of what 100 Mbit/s bring, for several fetch at once


class Timing(msgspec.Struct, frozen=True):
    """All in seconds. A killed worker's job goes on after lease + sweep at most: 50 s."""

    lease: float = 40.0
    renew: float = 10.0
    watch: float = 2.0  # how often a running job looks whether it was cancelled, and tells its progress
    sweep: float = 10.0
    rehint: float = 20.0  # a job that waits this long while the queue is empty was forgotten
    retry_first: float = 15.0  # doubled with every attempt
    retry_most: float = 600.0
    heartbeat: float = 10.0
    worker_gone: float = 3600.0  # a row without a heartbeat this long is dropped
    stop: float = 45.0  # to let go of everything at SIGTERM

    def retry_delay(self, attempts: int) -> timedelta:
        return timedelta(seconds=min(self.retry_first * 2 ** max(0, attempts - 1), self.retry_most))


def deadline(duration: float | None, source_bytes: int) -> timedelta:
    """How long one job may run, for a lecture of so many seconds (None: not known yet).

    A worker that has not got the original yet fetches it inside the job.
    """
    return max(
        SHORTEST_DEADLINE,
        timedelta(seconds=DEADLINE_PER_DURATION * (duration or 0)),
        timedelta(seconds=source_bytes / SLOWEST_FETCH),
    )
