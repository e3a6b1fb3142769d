"""Job slots of one worker process."""

import asyncio
import sqlite3
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tests.integration.transcoder.jobs.lifecycle import jobs_of, prepared, submitted
from transcoder.jobs import claiming
from transcoder.jobs.leases import Claim
from transcoder.worker import pipeline
from transcoder.worker.context import JobLease, WorkerContext
from transcoder.worker.slots import JobSlots, work


async def test_prepare_has_a_slot_beside_long_audio(context: WorkerContext) -> None:
    for _ in range(4):
        await prepared(context.database)
    slots, taken = JobSlots(), []
    while claim := await slots.claim(context, "quick"):
        taken.append(claim.kind)
    assert sorted(taken) == ["audio", "audio", "chunk"]
    await submitted(context.database)
    new = await slots.claim(context, "quick")
    assert new
    assert new.kind == "prepare"
    slots.release("audio")
    assert await slots.claim(context, "quick")


async def test_chunk_is_encoded_while_the_previous_one_is_stored(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = await prepared(context.database, seconds=60)
    encoding, storing, most = 0, 0, [0, 0]
    both = asyncio.Event()  # two jobs have been stored at once

    async def step(_context: WorkerContext, _claim: Claim, lease: JobLease) -> None:
        nonlocal encoding, storing
        encoding += 1
        most[0] = max(most[0], encoding)
        await asyncio.sleep(0.02)
        encoding -= 1
        lease.encoded.set()
        storing += 1
        most[1] = max(most[1], storing)
        if storing == 2:
            both.set()
        async with asyncio.timeout(20):
            await both.wait()  # however long the next claim takes
        await asyncio.sleep(0.05)
        storing -= 1
        raise KeyError("moov")

    monkeypatch.setitem(pipeline.STEPS, "chunk", step)
    await work(context, "transcode", JobSlots())
    assert most == [1, 2]
    tried = [job.attempts for job in await jobs_of(context.database, video.id, "chunk") if job.number]
    assert set(tried) == {1}


async def test_encoded_chunk_is_stored_without_the_database(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepared(context.database, seconds=60)
    unreachable, stored = asyncio.Event(), asyncio.Event()
    claim_next = claiming.claim_next

    async def claim(*arguments: Any, **options: Any) -> Claim | None:
        if unreachable.is_set():
            raise OperationalError("SELECT", {}, sqlite3.OperationalError("database is locked"))
        return await claim_next(*arguments, **options)

    async def step(_context: WorkerContext, _claim: Claim, lease: JobLease) -> None:
        unreachable.set()
        lease.encoded.set()
        await asyncio.sleep(0.05)
        stored.set()

    monkeypatch.setattr(claiming, "claim_next", claim)
    monkeypatch.setitem(pipeline.STEPS, "chunk", step)
    with pytest.raises(ExceptionGroup) as raised:  # Dramatiq then retries the message: more jobs are due
        await work(context, "transcode", JobSlots())
    assert raised.group_contains(OperationalError)
    assert stored.is_set()


async def test_stopping_requeues_encoding_and_storing_jobs(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = await prepared(context.database, seconds=60)
    begun = asyncio.Queue[int]()

    async def step(_context: WorkerContext, claim: Claim, lease: JobLease) -> None:
        await begun.put(claim.number)
        if claim.number == 1:
            lease.encoded.set()
        await asyncio.Event().wait()

    monkeypatch.setitem(pipeline.STEPS, "chunk", step)
    working = asyncio.create_task(work(context, "transcode", JobSlots()))
    assert [await begun.get(), await begun.get()] == [1, 2]
    working.cancel()
    await asyncio.wait((working,))
    rows = await jobs_of(context.database, video.id, "chunk")
    assert {(job.state, job.attempts) for job in rows} == {("waiting", 0)}
