"""Timeouts and intervals of jobs and workers. Passed as values, so that tests can shorten them."""

from datetime import timedelta

import msgspec

MAX_ATTEMPTS = 3
PAUSE_ALLOWANCE = timedelta(hours=6)  # for which a video stays playable beyond its duration (spec section 5)
SHORTEST_DEADLINE = timedelta(minutes=15)
DEADLINE_PER_DURATION = 12  # a job may take this many times the lecture's length
SLOWEST_FETCH = 2 * 2**20  # bytes per second: a sixth of 100 Mbit/s, because several workers fetch at once


class Timing(msgspec.Struct, frozen=True):
    """Intervals in seconds. A killed worker's job resumes after at most lease + sweep: 50 s."""

    lease: float = 40.0
    renew: float = 10.0
    watch: float = 2.0  # interval at which a running job checks for cancellation and writes its progress
    sweep: float = 10.0
    rewake: float = 20.0  # a job that waits this long while the queue is empty is woken up again
    retry_first: float = 15.0  # doubled with every attempt
    retry_most: float = 600.0
    heartbeat: float = 10.0
    worker_gone: float = 3600.0  # a worker row without a heartbeat for this long is deleted
    stop: float = 45.0  # for requeueing and closing at SIGTERM

    @property
    def beyond(self) -> timedelta:
        """How far in the future the longest delay of a retry lies, and a minute between two clocks."""
        return timedelta(seconds=self.retry_most + 60)

    def retry_delay(self, attempts: int) -> timedelta:
        return timedelta(seconds=min(self.retry_first * 2 ** max(0, attempts - 1), self.retry_most))


def deadline(duration: float | None, source_bytes: int) -> timedelta:
    """Time limit of one job. `duration`: of the lecture in seconds, None while unknown.

    Includes fetching the original, which a worker without it does inside the job.
    """
    return max(
        SHORTEST_DEADLINE,
        timedelta(seconds=DEADLINE_PER_DURATION * (duration or 0)),
        timedelta(seconds=source_bytes / SLOWEST_FETCH),
    )
