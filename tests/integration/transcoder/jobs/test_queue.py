"""Consumer of wake-up messages: blocks while its queue is empty, and misses none."""

import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import repeat
from time import monotonic

import dramatiq
import pytest

from tests.fixtures.queue import Valkey
from transcoder.jobs import queue
from transcoder.jobs.queue import QUICK, Queue, WorkerBroker, make_broker

pytestmark = pytest.mark.usefixtures("valkey")


@pytest.fixture
def consumer(valkey: Valkey) -> Iterator[dramatiq.Consumer]:
    broker = make_broker(valkey.url, [], WorkerBroker)
    with closing(broker), closing(broker.client):
        yield broker.consume(QUICK, prefetch=1)


def test_empty_queue_is_asked_a_few_times_a_second_at_most(
    valkey: Valkey, consumer: dramatiq.Consumer
) -> None:
    """Ten fetches a second by each worker were half of an idle machine's work."""
    with closing(valkey.client) as client:
        client.config_resetstat()
        until = monotonic() + 3
        while monotonic() < until:
            assert next(consumer) is None
        calls = {name: stats["calls"] for name, stats in client.info("commandstats").items()}
    assert sum(calls.get(f"cmdstat_{name}", 0) for name in ("evalsha", "eval", "blmove")) <= 8


def test_message_wakes_a_blocked_consumer(
    valkey: Valkey, consumer: dramatiq.Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "BLOCK_SECONDS", 9.0)
    next(consumer)  # the fetch that tells the server of this worker
    sender = Queue(valkey.url)
    sending = threading.Timer(0.3, sender.wake, (QUICK, "job"))
    begun = monotonic()
    sending.start()
    message = next(consumer)
    sending.join()
    sender.close()
    assert message is not None
    assert message.args == ("job",)
    assert monotonic() - begun < 6


def test_messages_are_taken_in_order_and_once(valkey: Valkey, consumer: dramatiq.Consumer) -> None:
    sender = Queue(valkey.url)
    for name in ("a", "b", "c"):
        sender.wake(QUICK, name)
    taken = []
    for _ in repeat(None, 20):
        if message := next(consumer):
            taken.append(message.args[0])
            consumer.ack(message)
    assert taken == ["a", "b", "c"]
    assert sender.length(QUICK) == 0
    sender.close()


def test_full_queue_does_not_make_a_busy_consumer_spin(valkey: Valkey, consumer: dramatiq.Consumer) -> None:
    """While its message is unacknowledged the consumer polls: BLMOVE would return at once."""
    sender = Queue(valkey.url)
    sender.wake(QUICK, "a")
    sender.wake(QUICK, "b")
    assert next(consumer) or next(consumer)
    with closing(valkey.client) as client:
        client.config_resetstat()
        until = monotonic() + 1
        while monotonic() < until:
            assert next(consumer) is None
        assert "cmdstat_blmove" not in client.info("commandstats")
    sender.close()
