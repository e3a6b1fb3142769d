"""Command `skillstudio up`, as a user or a service manager runs it."""

import json
import os
import re
import signal
import time
from collections.abc import Collection
from http.client import HTTPConnection
from pathlib import Path

from server.processes.up import make_data_folder
from tests.fixtures.product import MakeProduct, Product


def test_up_starts_and_stops_all_processes(make_product: MakeProduct) -> None:
    """Also after SIGKILL: the kernel kills its children and releases its lock."""
    product = make_product()
    for end in (product.kill, product.stop):
        product.start()
        children = product.children
        assert {"valkey", "quick", "encode-1", "scheduler", "server"} <= set(children)
        assert product.setup_link.startswith(f"{product.url}/setup/")
        end()
        assert _all_end(children.values())


def test_second_start_on_same_data_folder_is_refused(shared_product: Product) -> None:
    second = shared_product.command("up")
    assert second.returncode == 1
    assert f"already runs on the data folder {shared_product.data}" in second.stderr
    assert str(shared_product.pid) in second.stderr
    assert "Traceback" not in second.stderr
    assert shared_product.is_ready()


def test_port_in_use_is_reported_with_its_holder(shared_product: Product, make_product: MakeProduct) -> None:
    other = make_product()
    refused = other.command("up", "--port", str(shared_product.port))
    assert refused.returncode == 1
    assert f"Port {shared_product.port} on 127.0.0.1 is taken by" in refused.stderr
    assert "--port" in refused.stderr
    assert not other.data.exists()


def test_data_folder_is_private(shared_product: Product) -> None:
    secrets = [
        shared_product.data,
        shared_product.data / "run/valkey.password",
        shared_product.data / "run/queue.url",
    ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in secrets)


def test_others_lose_access_to_an_existing_data_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    make_data_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o750  # the group is the operator's decision
    make_data_folder(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_readiness_lists_checks_without_addresses(shared_product: Product) -> None:
    connection = HTTPConnection("127.0.0.1", shared_product.port, timeout=10)
    connection.request("GET", "/health/ready")
    answer = json.loads(connection.getresponse().read())
    connection.close()
    assert answer["status"] == "ready"
    assert set(answer["checks"]) == {"database", "queue", "objects", "workers"}
    assert str(shared_product.data) not in str(answer)


def test_metrics_are_local_only_and_not_through_a_proxy(shared_product: Product) -> None:
    body = _get(shared_product, "/metrics", {}).decode()
    assert 'skillstudio_workers_alive{queue="quick"} 1.0' in body
    assert b"Only administrators" in _get(shared_product, "/metrics", {"X-Forwarded-For": "203.0.113.9"})


def test_killed_child_is_restarted_under_its_name(shared_product: Product) -> None:
    before = shared_product.children["encode-1"]
    os.kill(before, signal.SIGKILL)
    shared_product.wait_until(lambda: shared_product.children.get("encode-1", before) != before, 20)
    assert "encode-1 was ended by signal 9; it starts again in 0.5 s." in shared_product.log.read_text()
    shared_product.wait_until(shared_product.is_ready, 20)


def test_logs_are_kept_per_child(shared_product: Product) -> None:
    shared_product.status("/sign-in")
    log = shared_product.data / "logs/server.log"
    shared_product.wait_until(lambda: log.exists() and "GET /sign-in" in log.read_text(), 10)
    assert re.search(r"request=\w{8}", log.read_text())


def _get(product: Product, path: str, headers: dict[str, str]) -> bytes:
    connection = HTTPConnection("127.0.0.1", product.port, timeout=10)
    connection.request("GET", path, headers=headers)
    body = connection.getresponse().read()
    connection.close()
    return body


def _all_end(pids: Collection[int], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while any(_runs(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _runs(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
