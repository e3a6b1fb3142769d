"""Wake-up messages to the workers. A message only names a job; the job's row is authoritative.

The web server enqueues without importing an actor, so it imports no FFmpeg code.
"""

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

QUICK, TRANSCODE = "quick", "transcode"
ACTOR = "run_job"

# Short timeouts, because an upload waits for the send; a single retry reaches a restarted server.
CONNECTION = {"socket_connect_timeout": 2, "socket_timeout": 10, "health_check_interval": 15}


def make_broker(url: str, middleware: list[dramatiq.Middleware]) -> RedisBroker:
    """Redis broker. Messages of dead workers are requeued after 30 s, checked on every tenth command."""
    client = redis.Redis.from_url(
        url,
        retry=Retry(ExponentialBackoff(base=0.05, cap=0.5), 1),
        **CONNECTION,
    )
    return RedisBroker(
        client=client, middleware=middleware, maintenance_chance=100_000, heartbeat_timeout=30_000
    )


class Queue:
    """Sender of wake-up messages. A lost one only costs time: the sweeper sends it again."""

    def __init__(self, url: str) -> None:
        self.broker = make_broker(url, middleware=[])

    def wake(self, queue_name: str, job_id: str, delay_seconds: float = 0.0) -> None:
        """Raises redis.exceptions.RedisError when the queue is unreachable."""
        self.broker.declare_queue(queue_name)
        self.broker.enqueue(
            dramatiq.Message(queue_name=queue_name, actor_name=ACTOR, args=(job_id,), kwargs={}, options={}),
            delay=round(delay_seconds * 1000) or None,
        )

    def length(self, queue_name: str) -> int:
        """Number of messages not yet taken by a worker. Raises redis.exceptions.RedisError."""
        return int(self.broker.client.llen(f"{self.broker.namespace}:{queue_name}"))

    def ping(self) -> bool:
        try:
            return bool(self.broker.client.ping())
        except redis.RedisError:
            return False

    def close(self) -> None:
        self.broker.close()
        self.broker.client.close()
