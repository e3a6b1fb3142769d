"""Hints to the workers. A message only names a job; the job's row is the truth.

The web server sends without importing an actor, so it stays free of FFmpeg code.
"""

import dramatiq
from dramatiq.brokers.redis import RedisBroker

QUICK, TRANSCODE = "quick", "transcode"
ACTOR = "run_job"


class Queue:
    """Sends hints over the Redis protocol. Losing one costs time only: the sweeper sends it again."""

    def __init__(self, url: str) -> None:
        self.broker = RedisBroker(
            url=url, middleware=[], maintenance_chance=100_000, heartbeat_timeout=30_000
        )

    def hint(self, queue_name: str, job_id: str) -> None:
        """Raises dramatiq.errors.ConnectionError when the queue cannot be reached."""
        self.broker.declare_queue(queue_name)
        self.broker.enqueue(
            dramatiq.Message(queue_name=queue_name, actor_name=ACTOR, args=(job_id,), kwargs={}, options={})
        )

    def close(self) -> None:
        self.broker.close()
