"""Consumer of wake-up messages: blocks while its queue is empty, and misses none."""

import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import repeat
from time import monotonic, sleep

import dramatiq
import pytest
import redis
from dramatiq.errors import ConnectionClosed

from tests.fixtures.queue import Valkey
from transcoder.jobs import queue as queue_module
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
    monkeypatch.setattr(queue_module, "BLOCK_SECONDS", 9.0)
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
    for _ in repeat(None, 8):
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


FULL = 1  # byte of memory


def received(consumer: dramatiq.Consumer) -> dramatiq.MessageProxy:
    while not (message := next(consumer)):
        pass
    return message


@pytest.mark.parametrize("fault", ["frozen", "full"])
def test_sender_waits_once_for_a_queue_in_trouble_and_recovers(
    valkey: Valkey, queue: Queue, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen one is waited for two seconds; whoever sends next does not wait."""
    monkeypatch.setattr(queue_module, "SILENT_SECONDS", 0.5)
    queue.wake(QUICK, "before")
    assert queue.refusal() == ""
    valkey.freeze() if fault == "frozen" else valkey.limit_memory(FULL)
    begun = monotonic()
    with pytest.raises(redis.RedisError):
        queue.wake(QUICK, "meanwhile")
    assert monotonic() - begun < 4
    begun = monotonic()
    with pytest.raises(redis.RedisError):
        queue.wake(QUICK, "meanwhile")
    assert monotonic() - begun < 0.2
    begun = monotonic()
    assert queue.refusal() == (
        "The queue does not answer."
        if fault == "frozen"
        else "The queue's memory is full: it takes no messages."
    )
    assert monotonic() - begun < 4
    valkey.thaw() if fault == "frozen" else valkey.limit_memory(0)
    assert queue.refusal() == ""
    sleep(0.5)
    queue.wake(QUICK, "after")


@pytest.mark.parametrize("fault", ["frozen", "full"])
def test_worker_consumer_survives_a_queue_in_trouble(
    valkey: Valkey, consumer: dramatiq.Consumer, queue: Queue, fault: str
) -> None:
    """Every refusal is a lost connection to Dramatiq, which tries again; what else it gets ends its thread or
    leaves the message unacknowledged."""
    queue.wake(QUICK, "taken")
    taken = received(consumer)
    valkey.freeze() if fault == "frozen" else valkey.limit_memory(FULL)
    with pytest.raises(ConnectionClosed):
        consumer.ack(taken)
    with pytest.raises(ConnectionClosed):
        next(consumer)
    valkey.thaw() if fault == "frozen" else valkey.limit_memory(0)
    consumer.ack(taken)
    queue.wake(QUICK, "next")
    assert received(consumer).args == ("next",)
