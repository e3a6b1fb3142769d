"""Leases on jobs: order of claims, expiry, fencing and attempts."""

import asyncio
from datetime import timedelta

import pytest

from storage.database.engine import Database
from storage.messages import Message
from storage.states import RevisionState, VideoStatus
from tests.fixtures.database import on_both_databases
from tests.integration.transcoder.jobs.lifecycle import jobs_of, lesson_of, prepared, submitted, video_of
from tests.world.clock import START
from tests.world.media import small_chunk_result
from transcoder.jobs import claiming, leases
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.jobs.timing import MAX_ATTEMPTS, Timing

pytestmark = on_both_databases

TIMING = Timing()
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=TIMING.lease)


async def claim_one(
    database: Database, queue: str = "transcode", worker: str = "a/1", after: timedelta = SECOND
) -> Claim:
    claim = await claiming.claim_next(database, queue, worker, START + after, TIMING)
    assert claim is not None
    return claim


async def finish(database: Database, claim: Claim) -> None:
    async with database.write() as session:
        await leases.complete(session, claim, small_chunk_result(claim.fence), START)


async def test_concurrent_workers_never_claim_the_same_job(database: Database) -> None:
    await prepared(database, seconds=600)

    async def worker(name: str) -> list[str]:
        got = []
        while claim := await claiming.claim_next(database, "transcode", name, START, TIMING):
            got.append(claim.id)
        return got

    claims = await asyncio.gather(*(worker(f"a/{n}") for n in range(4)))
    claimed = [job for jobs in claims for job in jobs]
    assert len(claimed) == len(set(claimed)) > 15


async def test_empty_queue_has_no_claim(database: Database) -> None:
    assert await claiming.claim_next(database, "quick", "a/1", START, TIMING) is None


async def test_prepare_jobs_precede_long_jobs(database: Database) -> None:
    await prepared(database)
    new = await submitted(database)
    claim = await claim_one(database, "quick")
    assert (claim.kind, claim.video_id) == ("prepare", new.id)


async def test_oldest_revision_is_claimed_first(database: Database) -> None:
    first, second = await prepared(database), await prepared(database)
    got = [(await claim_one(database)).video_id for _ in range(4)]
    assert got == [first.id, first.id, second.id, second.id]


async def test_expired_claim_cannot_write(database: Database) -> None:
    await prepared(database)
    late = await claim_one(database, worker="a/1")
    other = await claim_one(database, worker="b/1", after=LEASE + 2 * SECOND)
    assert (other.id, other.fence, other.attempts) == (late.id, late.fence + 1, 2)
    with pytest.raises(LeaseLost):
        await finish(database, late)
    with pytest.raises(LeaseLost):
        await leases.renew(database, late, START, TIMING, progress=0.5)
    with pytest.raises(LeaseLost):
        await leases.requeue(database, late, START, counted=True)
    with pytest.raises(LeaseLost):
        await leases.fail(database, late, Message("No."), START)
    assert not await leases.is_owned(database, late)
    await finish(database, other)


async def test_renewed_lease_excludes_other_workers(database: Database) -> None:
    await prepared(database, seconds=12)
    claim = await claim_one(database)
    await leases.renew(database, claim, START + LEASE, TIMING)
    assert await claiming.claim_next(database, "transcode", "b/1", START + LEASE + SECOND, TIMING) is None


async def test_complete_is_idempotent(database: Database) -> None:
    video = await prepared(database)
    claim = await claim_one(database)
    await finish(database, claim)
    await finish(database, claim)
    await leases.renew(database, claim, START, TIMING, progress=0.2)  # a renewal may arrive after completion
    assert await leases.is_owned(database, claim)
    job = (await jobs_of(database, video.id, "chunk"))[claim.number]
    assert (job.state, job.progress, job.attempts) == ("done", 1.0, 1)


async def test_requeued_job_waits_for_its_delay(database: Database) -> None:
    await prepared(database, seconds=12)
    claim = await claim_one(database)
    await leases.requeue(
        database, claim, START, delay=timedelta(seconds=60), counted=True, error=Message("Hiccup.")
    )
    assert await claiming.claim_next(database, "transcode", "b/1", START + 30 * SECOND, TIMING) is None
    assert (await claim_one(database, after=60 * SECOND)).attempts == 2


async def test_stopped_worker_costs_no_attempt(database: Database) -> None:
    await prepared(database, seconds=12)
    for _ in range(MAX_ATTEMPTS + 2):
        claim = await claim_one(database)
        assert claim.attempts == 1
        await leases.requeue(database, claim, START, counted=False)


async def test_three_dead_workers_fail_the_revision(database: Database) -> None:
    video = await prepared(database, seconds=12)
    late = timedelta()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        late += LEASE + SECOND
        assert (await claim_one(database, after=late)).attempts == attempt
    assert (
        await claiming.claim_next(database, "transcode", "b/1", START + late + LEASE + SECOND, TIMING) is None
    )
    video = await video_of(database, video.id)
    assert video.state == RevisionState.FAILED
    assert "Encoding part 2 was interrupted 3 times" in str(video.error)
    assert (await lesson_of(database, video)).video_status == VideoStatus.FAILED
    states = {job.state for kind in ("chunk", "audio") for job in await jobs_of(database, video.id, kind)}
    assert states == {"failed", "cancelled"}


async def test_restarted_worker_releases_its_jobs(database: Database) -> None:
    await prepared(database)
    claim = await claim_one(database, worker="a/1")
    other = await claim_one(database, worker="a/2")
    await leases.release_own(database, "a/1", START)
    assert [job.id for job in await claiming.due(database, "transcode", START, 5)] == [claim.id]
    assert (await claim_one(database, worker="a/1")).id == claim.id
    assert await leases.is_owned(database, other)
