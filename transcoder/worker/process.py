"""Worker process: Dramatiq receives wake-up messages, one event loop runs the jobs.

The loop runs in the main thread, which receives signals and starts ffmpeg (the kernel kills a
child when the thread that started it ends). Dramatiq's threads only wait for the loop.
"""

import asyncio
import os
import platform
import signal
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import dramatiq
import msgspec
import structlog
from dramatiq.middleware import Retries
from sqlalchemy import delete

from storage.database.engine import Database
from storage.database.tables import WorkerRow
from storage.objects.open import StoreConfig, open_store
from transcoder.ffmpeg.process import walls
from transcoder.ffmpeg.tools import find_tools
from transcoder.ffmpeg.wall import gaps
from transcoder.jobs import api as jobs
from transcoder.jobs import claiming, leases
from transcoder.jobs.queue import ACTOR, Queue, WorkerBroker, make_broker
from transcoder.jobs.timing import Timing
from transcoder.worker import slots
from transcoder.worker.context import DATABASE_ERRORS, WorkerContext
from transcoder.worker.scratch import Scratch

log = structlog.get_logger(__name__)

STOP_CHECK = 1000  # milliseconds after which Dramatiq's idle threads look whether they should end
DATABASE_SECONDS = 2.0  # between two attempts to reach the database at the start


class WorkerConfig(msgspec.Struct, frozen=True):
    """Configuration of a worker: addresses, scratch folder, queue and concurrency."""

    database_url: str
    queue_url: str
    store: StoreConfig
    scratch_folder: Path
    scratch_bytes: int
    queue: str  # "quick" or "transcode"
    slot: str  # host and slot identify the worker; kept across restarts
    machine: str = ""  # name that no other machine has; empty: the host's
    jobs_at_once: int = 1
    threads: int = 1  # per encoder
    encodes_short: bool = False  # also the parts of short lectures that wait for an encoder
    ffmpeg: str = ""
    ffprobe: str = ""
    timing: Timing = Timing()


def run(config: WorkerConfig) -> None:
    """Run a worker until SIGTERM or SIGINT; then its jobs are requeued within seconds."""
    asyncio.run(_run(config))


async def _run(config: WorkerConfig) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    database, queue, store = Database(config.database_url), Queue(config.queue_url), open_store(config.store)
    scratch = Scratch(config.scratch_folder, config.scratch_bytes)
    context = WorkerContext(
        database=database,
        store=store,
        queue=queue,
        tools=await asyncio.to_thread(find_tools, config.ffmpeg, config.ffprobe),
        scratch=scratch,
        worker=f"{config.machine or platform.node()}/{config.slot}",
        threads=config.threads,
        timing=config.timing,
        encodes_short=config.encodes_short,
    )
    try:
        await _serve(context, config, stop)
    finally:
        scratch.close()
        queue.close()
        await store.close()
        await database.close()


async def _serve(context: WorkerContext, config: WorkerConfig, stop: asyncio.Event) -> None:
    heartbeat = asyncio.create_task(_heartbeat(context, config.queue))
    await _release_own(context, stop)
    await _wake_due(context, config)
    await _report_sandbox()
    consumer = Consumer(context, config)
    consumer.start()
    log.info("worker ready", worker=context.worker, queue=config.queue)
    await stop.wait()
    log.info("worker stopping", worker=context.worker)
    heartbeat.cancel()
    with suppress(TimeoutError):
        async with asyncio.timeout(context.timing.stop):
            await consumer.stop()
    await _wake_due(context, config)  # requeued jobs, because our own threads may have taken their messages
    with suppress(*DATABASE_ERRORS):
        async with context.database.write() as session:
            await session.execute(
                delete(WorkerRow).where(WorkerRow.id == context.worker, WorkerRow.pid == os.getpid())
            )


async def _report_sandbox() -> None:
    """Log what confines the media tools of this worker, and what it leaves open."""
    wall = await asyncio.to_thread(walls.current)
    if left_open := gaps(wall):
        log.warning(
            "sandbox has gaps", sandbox=str(wall), hostile_file_could=[gap.message for gap in left_open]
        )
    else:
        log.info("sandbox", sandbox=str(wall))


async def _release_own(context: WorkerContext, stop: asyncio.Event) -> None:
    """Release what an earlier process of this name held, when the database answers."""
    while not stop.is_set():
        try:
            return await leases.release_own(context.database, context.worker, context.now())
        except DATABASE_ERRORS as error:
            log.warning("waiting for the database", error=str(error))
        with suppress(TimeoutError):
            async with asyncio.timeout(DATABASE_SECONDS):
                await stop.wait()


async def _wake_due(context: WorkerContext, config: WorkerConfig) -> None:
    """Send wake-up messages for due jobs: earlier ones may have been lost while no worker ran."""
    try:
        due = await claiming.due(context.database, config.queue, context.now(), limit=config.jobs_at_once)
    except DATABASE_ERRORS as error:
        log.warning("due jobs not read", error=str(error))
    else:
        await jobs.wake(context.queue, due)


class Consumer:
    """Dramatiq worker inside this process. Every message means: run the due jobs."""

    def __init__(self, context: WorkerContext, config: WorkerConfig) -> None:
        self.context, self.config = context, config
        self._loop = asyncio.get_running_loop()
        self._running: set[asyncio.Task[None]] = set()
        self._slots = slots.JobSlots()
        self._stopping = False
        # A message fails only when the database is unreachable; job failures are recorded in the rows.
        retries = Retries(max_retries=3, min_backoff=15_000, max_backoff=600_000)
        broker = make_broker(config.queue_url, [retries], WorkerBroker)
        dramatiq.actor(actor_name=ACTOR, queue_name=config.queue, broker=broker)(self._on_message)
        self._worker = dramatiq.Worker(
            broker,
            queues={config.queue},
            worker_timeout=STOP_CHECK,
            worker_threads=config.jobs_at_once,
        )
        self._worker.queue_prefetch = config.jobs_at_once  # leave further messages to other workers

    def start(self) -> None:
        self._worker.start()

    async def stop(self) -> None:
        """Requeue the current jobs, then close the queue."""
        self._stopping = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await asyncio.to_thread(self._worker.stop, round(self.context.timing.stop * 1000))

    def _on_message(self, _job_id: str) -> None:
        """Actor in a Dramatiq thread, which blocks until no job is due."""
        with suppress(asyncio.CancelledError):
            asyncio.run_coroutine_threadsafe(self._work(), self._loop).result()

    async def _work(self) -> None:
        if self._stopping:
            return
        task = asyncio.create_task(slots.work(self.context, self.config.queue, self._slots))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        with suppress(asyncio.CancelledError):
            await task


async def _heartbeat(context: WorkerContext, queue: str) -> None:
    started = context.now()
    row = {"host": platform.node(), "pid": os.getpid(), "queue": queue, "version": version("skillstudio")}
    while True:
        try:
            async with context.database.write() as session:
                await session.merge(
                    WorkerRow(id=context.worker, started_at=started, heartbeat_at=context.now(), **row)
                )
        except DATABASE_ERRORS as error:
            log.warning("heartbeat not written", error=str(error))
        await asyncio.sleep(context.timing.heartbeat)
