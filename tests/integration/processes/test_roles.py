"""Roles of a set-up of several machines, each as its own process on one database and one queue."""

import signal
import time
from http.client import HTTPConnection
from json import loads

import pytest

from tests.fixtures.product import MakeProduct, Product, Role
from tests.fixtures.queue import Valkey


@pytest.fixture
def instance(make_product: MakeProduct, valkey: Valkey) -> Product:
    """Data folder, port and queue, without running processes."""
    return make_product(queue_url=valkey.url, workers=1)


def test_each_role_runs_alone_and_stops_on_sigterm(instance: Product, role: Role) -> None:
    assert "There is no administrator yet" in instance.command("migrate").stdout
    server = role(instance, "server")
    instance.wait_until(lambda: instance.status("/health/live") == 200, 60)
    assert _checks(instance)["workers"] == {
        "ok": False,
        "says": "No worker takes jobs from the queue quick and transcode.",
    }
    assert instance.status("/health/ready") == 503

    worker, scheduler = role(instance, "worker"), role(instance, "scheduler")
    instance.wait_until(instance.is_ready, 60)
    for process in (scheduler, worker, server):
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert time.monotonic() - asked < 30


def test_health_names_unreachable_queue(instance: Product, role: Role, valkey: Valkey) -> None:
    instance.command("migrate")
    role(instance, "server")
    instance.wait_until(lambda: instance.status("/health/live") == 200, 60)
    assert _checks(instance)["queue"]["ok"]
    valkey.kill()
    instance.wait_until(lambda: not _checks(instance)["queue"]["ok"], 20)
    assert instance.status("/sign-in") == 200, "pages are still served"
    valkey.start()
    instance.wait_until(lambda: bool(_checks(instance)["queue"]["ok"]), 20)


def test_second_worker_of_same_name_is_refused(instance: Product, role: Role) -> None:
    instance.command("migrate")
    role(instance, "worker")
    lock = instance.data / "run"
    instance.wait_until(lambda: any(lock.glob("worker-*-encode-1.lock")), 60)
    second = instance.command("worker")
    assert second.returncode == 1
    assert "already runs" in second.stderr


def _checks(instance: Product) -> dict[str, dict[str, object]]:
    connection = HTTPConnection("127.0.0.1", instance.port, timeout=30)
    connection.request("GET", "/health/ready")
    checks: dict[str, dict[str, object]] = loads(connection.getresponse().read())["checks"]
    connection.close()
    return checks
