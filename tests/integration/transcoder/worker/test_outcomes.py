"""Outcomes of jobs whose step raises: state of the row, attempts and retry."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from storage.database.tables import Job
from storage.objects import keys
from storage.objects.folder import FolderStore
from storage.objects.store import ObjectMissing, StoreFull, StoreUnavailable
from tests.fixtures.worker_context import SetClock
from tests.integration.transcoder.jobs.lifecycle import jobs_of, prepared, submitted, video_of
from tests.world.clock import START
from transcoder.ffmpeg.process import ProcessFailed
from transcoder.jobs import claiming, leases, timing
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.packaging.segmenter import NotAsPlanned
from transcoder.worker import pipeline
from transcoder.worker.context import JobLease, WorkerContext
from transcoder.worker.scratch import NoRoom, ScratchBusy, ScratchFull

Step = Callable[[WorkerContext, Claim, JobLease], Awaitable[None]]


async def attempt(context: WorkerContext, step: Step, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Row of chunk 1 after an attempt with this step."""
    monkeypatch.setitem(pipeline.STEPS, "chunk", step)
    claim = await claiming.claim_next(
        context.database, "transcode", context.worker, context.now(), context.timing
    )
    assert claim
    await pipeline.run_job(JobLease(context, claim))
    return (await jobs_of(context.database, claim.video_id, "chunk"))[claim.number]


def raising(error: BaseException) -> Step:
    async def step(_context: WorkerContext, _claim: Claim, _lease: JobLease) -> None:
        raise error

    return step


def failed(kind: str, stderr: str = "") -> ProcessFailed:
    return ProcessFailed(kind, "chunk 1", stderr, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ObjectMissing("gone"), "Upload the file again"),
        (ScratchFull("Raise it."), "Raise it. Then press Retry."),
        (NotAsPlanned("180p: frames are not 512 ticks apart"), "Export it again as MP4"),
        (
            failed("exit", "note\nError opening: Invalid data found when processing input\n"),
            "Export it again",
        ),
    ],
)
async def test_permanent_error_fails_at_once(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    video = await prepared(context.database, seconds=12)
    row = await attempt(context, raising(error), monkeypatch)
    assert (row.state, row.attempts) == ("failed", 1)
    assert sentence in str((await video_of(context.database, video.id)).error)


async def test_stop_while_objects_are_dropped_leaves_none(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease is lost, and the worker is told to stop while it deletes what it stored."""
    video = await prepared(context.database, seconds=12)
    stored = [keys.segment(video.id, "180p", number, 9) for number in range(3)]
    deleting = asyncio.Event()
    delete = context.store.delete

    async def slowly(key: str) -> None:
        deleting.set()
        await asyncio.sleep(0.02)
        await delete(key)

    async def step(_context: WorkerContext, _claim: Claim, lease: JobLease) -> None:
        for key in stored:
            await context.store.put_bytes(key, b"segment", "video/mp4")
            lease.stored.append(key)
        raise LeaseLost(lease.claim.id)

    monkeypatch.setattr(context.store, "delete", slowly)
    running = asyncio.create_task(attempt(context, step, monkeypatch))
    await deleting.wait()
    running.cancel()
    await asyncio.wait((running,))
    assert running.cancelled()
    assert [item.key async for item in context.store.list(keys.video(video.id))] == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (StoreUnavailable("/srv/objects is gone."), "media store cannot be reached"),
        (StoreFull("There is no room left in /srv/objects."), "no room left for media"),
        (NoRoom("4 GB are needed. It goes on by itself."), "4 GB are needed"),
        (OSError(errno.ENOSPC, "No space left on device", "/srv/scratch/x"), "no room left for media"),
        (failed("exit", "warning\nNo space left on device\n"), "no room left for media"),
        (ExceptionGroup("both", [StoreFull("full"), failed("exit")]), "no room left for media"),
        (ScratchBusy("/srv/scratch is full."), "scratch folder is in use"),
    ],
)
async def test_waiting_for_the_store_costs_no_attempt(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    await prepared(context.database, seconds=12)
    row = await attempt(context, raising(error), monkeypatch)
    assert (row.state, row.attempts) == ("waiting", 0)
    assert sentence in str(row.error)
    assert "by itself" in str(row.error)
    assert "/srv" not in str(row.error)
    assert row.queued_at > START


async def test_failure_while_the_folder_is_away_costs_no_attempt(
    context: WorkerContext, folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FFmpeg reads the original's own file, and says only that there is none."""
    await prepared(context.database, seconds=12)
    root = folder_store._tree.root
    root.rename(root.with_name("away"))
    row = await attempt(context, raising(failed("exit", "No such file or directory")), monkeypatch)
    assert (row.state, row.attempts) == ("waiting", 0)
    root.with_name("away").rename(root)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (failed("exit", "warning\n/srv/x: Invalid data 0x7f3a\n"), "The encoder ended with an error"),
        (failed("killed"), "may be short of memory"),
        (failed("stalled"), "no progress for minutes"),
        (failed("timeout"), "far too long"),
        (TimeoutError(), "The database did not answer in time."),
        (ExceptionGroup("both", [failed("too_much_output")]), "more output than this lecture"),
        (KeyError("moov"), "The server failed while it encoded"),
    ],
)
async def test_third_failed_attempt_fails_with_the_reason(
    context: WorkerContext,
    worker_clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    sentence: str,
) -> None:
    video = await prepared(context.database, seconds=12)
    for number in (1, 2):
        row = await attempt(context, raising(error), monkeypatch)
        assert (row.state, row.attempts) == ("waiting", number)
        assert sentence in str(row.error)
        worker_clock.now += context.timing.retry_delay(number)
    await attempt(context, raising(error), monkeypatch)
    sentence_stored = (await video_of(context.database, video.id)).error
    assert sentence in str(sentence_stored)
    assert "tried 3 times" in str(sentence_stored)


async def test_objects_of_a_failed_attempt_are_deleted(
    context: WorkerContext, folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    video = await prepared(context.database, seconds=12)
    made = tmp_path / "00001.1.m4s"
    made.write_bytes(b"x")

    async def step(_context: WorkerContext, claim: Claim, lease: JobLease) -> None:
        await lease.put({keys.segment(claim.video_id, "180p", 1, claim.fence): made})
        raise KeyError("moov")

    await attempt(context, step, monkeypatch)
    assert [item.key async for item in folder_store.list(keys.video(video.id))] == []


async def test_hung_step_is_stopped_at_its_deadline(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "deadline", lambda _duration, _bytes: timedelta(seconds=0.1))
    await prepared(context.database, seconds=12)

    async def step(_context: WorkerContext, _claim: Claim, _lease: JobLease) -> None:
        await asyncio.Event().wait()

    row = await attempt(context, step, monkeypatch)
    assert (row.state, row.attempts) == ("waiting", 1)
    assert "far too long" in str(row.error)


async def test_prepare_deadline_covers_a_large_original(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "SHORTEST_DEADLINE", timedelta(seconds=0.1))
    monkeypatch.setattr(timing, "SLOWEST_FETCH", 10)
    video = await submitted(context.database)  # of 1000 bytes
    limits = []

    async def step(_context: WorkerContext, _claim: Claim, lease: JobLease) -> None:
        await asyncio.sleep(0.3)
        limits.append(lease.limits().seconds)

    monkeypatch.setitem(pipeline.STEPS, "prepare", step)
    claim = await claiming.claim_next(
        context.database, "quick", context.worker, context.now(), context.timing
    )
    assert claim
    await pipeline.run_job(JobLease(context, claim))
    assert limits == [100]
    assert (await jobs_of(context.database, video.id, "prepare"))[0].error is None


async def test_lost_lease_leaves_the_row(context: WorkerContext, monkeypatch: pytest.MonkeyPatch) -> None:
    await prepared(context.database, seconds=12)

    async def step(_context: WorkerContext, claim: Claim, _lease: JobLease) -> None:
        late = START + timedelta(seconds=context.timing.lease + 1)
        assert await claiming.claim_next(context.database, "transcode", "b/1", late, context.timing)
        raise KeyError("moov")

    row = await attempt(context, step, monkeypatch)
    assert (row.state, row.worker, row.attempts, row.error) == ("running", "b/1", 2, None)
