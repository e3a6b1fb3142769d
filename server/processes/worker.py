"""Worker process, configured from the settings."""

import asyncio
import os
import platform

from server.core.instance import machine_tag, only_instance
from server.core.logging import configure_logging
from server.services import require_objects
from server.settings import Settings
from transcoder.jobs.queue import QUICK
from transcoder.worker.process import WorkerConfig, run

QUICK_AT_ONCE = 3  # two long audio jobs, and a slot for a new upload


def work(settings: Settings, queue: str, slot: str) -> None:
    """Run until SIGTERM or SIGINT. A second worker of the same name is refused: they would take each
    other's jobs."""
    configure_logging(settings.log_level, settings.log_format)
    asyncio.run(require_objects(settings))
    with only_instance(settings.run_folder, f"worker-{platform.node()}-{slot}", f"worker {slot}"):
        run(worker_config(settings, queue, slot))


def worker_config(settings: Settings, queue: str, slot: str) -> WorkerConfig:
    """Worker settings. The first chunk is encoded with all cores, because playback waits for it; later
    ones with one each."""
    quick = queue == QUICK
    return WorkerConfig(
        database_url=settings.database,
        queue_url=settings.queue,
        store=settings.objects,
        scratch_folder=settings.scratch_folder,
        scratch_bytes=settings.scratch_bytes,
        queue=queue,
        machine=f"{platform.node()}-{machine_tag(settings.run_folder)}",
        slot=slot,
        jobs_at_once=QUICK_AT_ONCE if quick else 1,
        threads=len(os.sched_getaffinity(0)) if quick else 1,
        encodes_short=quick,
        ffmpeg=settings.ffmpeg,
        ffprobe=settings.ffprobe,
    )
