"""The roles of a set-up of many machines, each as a process of its own on one database and one queue."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from json import loads

import pytest

from tests.fixtures.product import MakeProduct, Product
from tests.fixtures.queue import Valkey

Role = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def place(make_product: MakeProduct, valkey: Valkey) -> Product:
    """A data folder, a port and a queue; nothing of ours runs."""
    return make_product(queue_url=valkey.url, workers=1)


@pytest.fixture
def role(place: Product) -> Iterator[Role]:
    with ExitStack() as stack:

        def start(*arguments: str) -> "subprocess.Popen[bytes]":
            log = stack.enter_context(place.log.open("ab"))
            process = subprocess.Popen(
                [sys.executable, "-m", "server", *arguments],
                env=place.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield start


def test_each_role_runs_alone_and_ends_when_asked(place: Product, role: Role) -> None:
    assert "makes the administrator" in place.command("migrate").stdout
    server = role("server")
    place.wait_until(lambda: place.status("/health/live") == 200, 60)
    assert _checks(place)["workers"] == {
        "ok": False,
        "says": "No worker takes jobs from the queue quick and transcode.",
    }
    assert place.status("/health/ready") == 503

    worker, scheduler = role("worker"), role("scheduler")
    place.wait_until(place.is_ready, 60)
    for process in (scheduler, worker, server):
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert time.monotonic() - asked < 30


def test_health_names_a_queue_that_is_away(place: Product, role: Role, valkey: Valkey) -> None:
    place.command("migrate")
    role("server")
    place.wait_until(lambda: place.status("/health/live") == 200, 60)
    assert _checks(place)["queue"]["ok"]
    valkey.kill()
    place.wait_until(lambda: not _checks(place)["queue"]["ok"], 20)
    assert place.status("/sign-in") == 200, "pages go on"
    valkey.start()
    place.wait_until(lambda: bool(_checks(place)["queue"]["ok"]), 20)


def test_the_same_worker_twice_is_refused(place: Product, role: Role) -> None:
    place.command("migrate")
    role("worker")
    lock = place.data / "run"
    place.wait_until(lambda: any(lock.glob("worker-*-encode-1.lock")), 60)
    second = place.command("worker")
    assert second.returncode == 1
    assert "already runs" in second.stderr


def _checks(place: Product) -> dict[str, dict[str, object]]:
    connection = HTTPConnection("127.0.0.1", place.port, timeout=30)
    connection.request("GET", "/health/ready")
    checks: dict[str, dict[str, object]] = loads(connection.getresponse().read())["checks"]
    connection.close()
    return checks
