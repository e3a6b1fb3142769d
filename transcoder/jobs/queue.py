"""Wake-up messages to the workers. A message only names a job; the job's row is authoritative.

The web server enqueues without importing an actor, so it imports no FFmpeg code.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import q_name
from dramatiq.errors import ConnectionClosed
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

QUICK, TRANSCODE = "quick", "transcode"
ACTOR = "run_job"

# Short timeouts, because an upload waits for the send. A single retry reaches a restarted server. What was
# late once is not asked again: a frozen server accepts connections and answers none.
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 2.0
CHECK_INTERVAL = 15  # seconds without a command after which a connection is checked before the next
SILENT_SECONDS = 5.0  # after an answer that did not come, in which nothing is sent: nobody else has to wait

BLOCK_SECONDS = 1.0  # of one wait for a message; shorter than ANSWER_SECONDS, and a stop waits for it
FETCH_SECONDS = 5.0  # between two fetches from an empty queue, which are the worker's heartbeats

# Milliseconds between two fetches while a message is unacknowledged. Users wait for quick jobs.
POLL = {QUICK: 100, TRANSCODE: 500}


@contextmanager
def _closed_when_refused() -> Iterator[None]:
    """Dramatiq's error of a lost connection for every refusal: a late answer, a full memory. It tries again
    until it succeeds; with any other error its consumer ends, or the message stays unacknowledged."""
    try:
        yield
    except redis.RedisError as error:
        raise ConnectionClosed(error) from None


class WorkerBroker(RedisBroker):
    """Redis broker whose consumers block while there is nothing to do. Needs Redis 6.2 or newer."""

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        with _closed_when_refused():
            return super().enqueue(message, delay=delay)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> dramatiq.Consumer:  # noqa: ARG002
        polling = super().consume(queue_name, prefetch, POLL[q_name(queue_name)])
        return BlockingConsumer(self, queue_name, polling)


class BlockingConsumer(dramatiq.Consumer):
    """Consumer that waits on the server for a message instead of asking for one ten times a second.

    It blocks in BLMOVE from the queue's head to its head, which changes nothing. While messages are
    unacknowledged it polls: a full queue would not block, and delayed messages become due here.
    """

    def __init__(self, broker: RedisBroker, queue_name: str, polling: Any) -> None:
        self._client, self._key = broker.client, f"{broker.namespace}:{queue_name}"
        self._polling = polling
        self._fetch_at = 0.0  # monotonic

    def __next__(self) -> dramatiq.MessageProxy | None:
        if not self._polling.outstanding_message_count and not self._should_fetch():
            return None
        with _closed_when_refused():
            message: dramatiq.MessageProxy | None = next(self._polling)
        return message

    def _should_fetch(self) -> bool:
        if monotonic() >= self._fetch_at:
            self._fetch_at = monotonic() + FETCH_SECONDS
            return True
        with _closed_when_refused():
            found = self._client.blmove(self._key, self._key, BLOCK_SECONDS, "LEFT", "LEFT")  # type: ignore[arg-type]
        return found is not None

    def ack(self, message: dramatiq.MessageProxy) -> None:
        with _closed_when_refused():
            self._polling.ack(message)

    def nack(self, message: dramatiq.MessageProxy) -> None:
        with _closed_when_refused():
            self._polling.nack(message)

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        with _closed_when_refused():
            self._polling.requeue(messages)

    def close(self) -> None:
        self._polling.close()


def make_broker(
    url: str, middleware: list[dramatiq.Middleware], kind: type[RedisBroker] = RedisBroker
) -> RedisBroker:
    """Redis broker. Messages of dead workers are requeued after 30 s, checked on every tenth command."""
    client = redis.Redis.from_url(
        url,
        retry=Retry(ExponentialBackoff(base=0.05, cap=0.5), 1, (redis.ConnectionError,)),
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        health_check_interval=CHECK_INTERVAL,
    )
    return kind(client=client, middleware=middleware, maintenance_chance=100_000, heartbeat_timeout=30_000)


class Queue:
    """Sender of wake-up messages. A lost one only costs time: the sweeper sends it again."""

    def __init__(self, url: str) -> None:
        self.broker = make_broker(url, middleware=[])
        self._silent_until = 0.0  # monotonic

    def wake(self, queue_name: str, job_id: str, delay_seconds: float = 0.0) -> None:
        """Raises redis.exceptions.RedisError when the queue is unreachable or takes nothing."""
        with self._answering():
            self.broker.declare_queue(queue_name)
            self.broker.enqueue(
                dramatiq.Message(
                    queue_name=queue_name, actor_name=ACTOR, args=(job_id,), kwargs={}, options={}
                ),
                delay=round(delay_seconds * 1000) or None,
            )

    def length(self, queue_name: str) -> int:
        """Number of messages not yet taken by a worker. Raises redis.exceptions.RedisError."""
        with self._answering():
            return int(self.broker.client.llen(f"{self.broker.namespace}:{queue_name}"))

    def refusal(self) -> str:
        """Why it takes no message, as a sentence; "" when it takes them. Asks by writing: one whose memory is
        full, or that only copies another, answers a PING."""
        try:
            self.broker.client.set(f"{self.broker.namespace}:check", "1", ex=60)
        except (redis.ConnectionError, redis.TimeoutError):
            return "The queue does not answer."
        except redis.OutOfMemoryError:
            return "The queue's memory is full: it takes no messages."
        except redis.RedisError:
            return "The queue takes no messages."
        return ""

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """One waits for an answer that does not come; the others, for a while, raise TimeoutError at once."""
        if monotonic() < self._silent_until:
            raise redis.TimeoutError("The queue did not answer a moment ago.")
        try:
            yield
        except redis.TimeoutError:
            self._silent_until = monotonic() + SILENT_SECONDS
            raise

    def close(self) -> None:
        self.broker.close()
        self.broker.client.close()
