"""Request metrics of several web server processes on one port."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from server.core.web.metrics import RequestMetrics, shared_metrics
from tests.fixtures.server_process import Campus, ServerProcess

TOTAL = re.compile(r"^skillstudio_requests_total\{.*\} (\S+)$", re.MULTILINE)
COUNT = re.compile(r"^skillstudio_request_seconds_count (\S+)$", re.MULTILINE)


def totals(exposition: bytes) -> tuple[float, float]:
    """Requests by the counter, and by the histogram."""
    text = exposition.decode()
    (observed,) = COUNT.findall(text)
    return sum(map(float, TOTAL.findall(text))), float(observed)


async def asked(url: str, path: str, times: int) -> list[httpx.Response]:
    """Each over a connection of its own, as the kernel spreads connections over the processes."""
    answers = []
    for _ in range(times):
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            answers.append(await client.get(path))
    return answers


async def test_requests_of_all_processes_add_up(campus: Campus) -> None:
    second = ServerProcess(campus.data, campus.server.environment)
    second.port, second.url = campus.server.port, campus.server.url
    await second.start()
    try:
        while len(list((campus.data / "run/metrics").glob("*.slot"))) < 2:  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.02)
        await asked(campus.server.url, "/sign-in", 30)
        scrapes = [totals(answer.content) for answer in await asked(campus.server.url, "/metrics", 12)]
        assert scrapes == sorted(scrapes), "no scrape knows less than the one before"
        assert scrapes[-1] >= (40, 40), (
            "30 requests and the scrapes themselves; the last may not be counted yet"
        )
        await second.kill()
        await second.start()
        (after,) = await asked(campus.server.url, "/metrics", 1)
        assert totals(after.content) >= scrapes[-1], "a killed process takes nothing with it"
    finally:
        await second.kill()


def test_first_process_removes_what_an_earlier_version_counted(tmp_path: Path) -> None:
    earlier = tmp_path / "counter_3.db"
    earlier.write_bytes(b"of another version")
    metrics = shared_metrics(tmp_path)
    assert not earlier.exists()
    metrics.count("GET", 200, 0.1)
    metrics.count("M" * 1000, 503, 0.1)
    assert totals(metrics.exposition()) == (2, 2)
    metrics.close()


def test_processes_count_in_slots_of_their_own(tmp_path: Path) -> None:
    metrics = [RequestMetrics(tmp_path) for _ in range(3)]
    for number, own in enumerate(metrics):
        for _ in range(number + 1):
            own.count("GET", 200, 0.1)
    assert {totals(own.exposition()) for own in metrics} == {(6, 6)}
    metrics[1].close()
    next_process = RequestMetrics(tmp_path)
    next_process.count("GET", 200, 0.1)
    assert totals(metrics[0].exposition()) == (7, 7), "it counts on in the slot that was left"
    for own in (metrics[0], metrics[2], next_process):
        own.close()


def test_full_disk_costs_only_the_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    metrics = shared_metrics(tmp_path)
    metrics.count("GET", 200, 0.1)
    assert totals(metrics.exposition()) == (1, 1)
