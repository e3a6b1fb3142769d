"""Prometheus text format of /metrics: requests of this data folder's servers, and the whole system's jobs."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from server.core.web.metrics import RequestMetrics
from server.operations.service import QueueFigures, WorkerFigures, disk, queue_figures, worker_figures
from server.services import Services

CONTENT_TYPE = CONTENT_TYPE_LATEST


async def exposition(services: Services, requests: RequestMetrics, now: datetime) -> bytes:
    async with services.database.read() as session:
        queues = await queue_figures(session, now)
        workers = await worker_figures(session, now)
    space = disk(services)
    free = GaugeMetricFamily(
        "skillstudio_disk_free_bytes", "Free bytes of the data folder.", value=space.free
    )
    return requests.exposition() + generate_latest(
        _StaticCollector([*_jobs(queues), _workers(workers), free])
    )


class _StaticCollector:
    """Registry interface that `generate_latest` requires."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _jobs(queues: list[QueueFigures]) -> list[Metric]:
    jobs = GaugeMetricFamily("skillstudio_jobs", "Jobs by queue and state.", labels=["queue", "state"])
    oldest = GaugeMetricFamily(
        "skillstudio_oldest_job_seconds", "Age of the oldest waiting job.", labels=["queue"]
    )
    for queue in queues:
        jobs.add_metric([queue.name, "waiting"], queue.waiting)
        jobs.add_metric([queue.name, "running"], queue.running)
        oldest.add_metric([queue.name], queue.oldest_seconds or 0)
    return [jobs, oldest]


def _workers(workers: list[WorkerFigures]) -> Metric:
    alive = GaugeMetricFamily(
        "skillstudio_workers_alive", "Workers with a recent heartbeat.", labels=["queue"]
    )
    for name in ("quick", "transcode"):
        alive.add_metric([name], sum(worker.alive and worker.queue == name for worker in workers))
    return alive
