"""Who may do a job, and whose word counts."""

import asyncio
from datetime import timedelta

import pytest

from storage.database.engine import Database
from tests.fixtures.database import on_both_databases
from tests.fixtures.revisions import NOW, chunk_result, jobs_of, laid_out, lesson_of, submitted, video_of
from transcoder.jobs import leases
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.jobs.timing import MAX_ATTEMPTS, Timing

pytestmark = on_both_databases

TIMING = Timing()
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=TIMING.lease)


async def claim_one(
    database: Database, queue: str = "transcode", worker: str = "a/1", after: timedelta = SECOND
) -> Claim:
    claim = await leases.claim_next(database, queue, worker, NOW + after, TIMING)
    assert claim is not None
    return claim


async def finish(database: Database, claim: Claim) -> None:
    async with database.write() as session:
        await leases.complete(session, claim, chunk_result(claim.fence), NOW)


async def test_two_workers_never_get_the_same_job(database: Database) -> None:
    await laid_out(database, seconds=600)

    async def worker(name: str) -> list[str]:
        got = []
        while claim := await leases.claim_next(database, "transcode", name, NOW, TIMING):
            got.append(claim.id)
        return got

    hauls = await asyncio.gather(*(worker(f"a/{n}") for n in range(4)))
    taken = [job for haul in hauls for job in haul]
    assert len(taken) == len(set(taken)) > 15


async def test_nothing_to_do_is_no_claim(database: Database) -> None:
    assert await leases.claim_next(database, "quick", "a/1", NOW, TIMING) is None


async def test_checks_of_new_uploads_come_before_long_work(database: Database) -> None:
    await laid_out(database)
    new = await submitted(database)
    claim = await claim_one(database, "quick")
    assert (claim.kind, claim.video_id) == ("prepare", new.id)


async def test_the_oldest_revision_comes_first(database: Database) -> None:
    first, second = await laid_out(database), await laid_out(database)
    got = [(await claim_one(database)).video_id for _ in range(4)]
    assert got == [first.id, first.id, second.id, second.id]


async def test_who_is_late_has_no_say(database: Database) -> None:
    await laid_out(database)
    late = await claim_one(database, worker="a/1")
    other = await claim_one(database, worker="b/1", after=LEASE + 2 * SECOND)
    assert (other.id, other.fence, other.attempts) == (late.id, late.fence + 1, 2)
    with pytest.raises(LeaseLost):
        await finish(database, late)
    with pytest.raises(LeaseLost):
        await leases.renew(database, late, NOW, TIMING, progress=0.5)
    with pytest.raises(LeaseLost):
        await leases.put_back(database, late, NOW, counted=True)
    with pytest.raises(LeaseLost):
        await leases.fail(database, late, "No.", NOW)
    assert not await leases.is_owned(database, late)
    await finish(database, other)


async def test_a_renewed_lease_keeps_others_away(database: Database) -> None:
    await laid_out(database, seconds=12)
    claim = await claim_one(database)
    await leases.renew(database, claim, NOW + LEASE, TIMING)
    assert await leases.claim_next(database, "transcode", "b/1", NOW + LEASE + SECOND, TIMING) is None


async def test_completing_twice_is_the_same_as_once(database: Database) -> None:
    video = await laid_out(database)
    claim = await claim_one(database)
    await finish(database, claim)
    await finish(database, claim)
    await leases.renew(database, claim, NOW, TIMING, progress=0.2)  # the watch may come a moment later
    assert await leases.is_owned(database, claim)
    job = (await jobs_of(database, video.id, "chunk"))[claim.number]
    assert (job.state, job.progress, job.attempts) == ("done", 1.0, 1)


async def test_what_is_put_back_waits_for_its_delay(database: Database) -> None:
    await laid_out(database, seconds=12)
    claim = await claim_one(database)
    await leases.put_back(database, claim, NOW, delay=timedelta(seconds=60), counted=True, error="Hiccup.")
    assert await leases.claim_next(database, "transcode", "b/1", NOW + 30 * SECOND, TIMING) is None
    assert (await claim_one(database, after=60 * SECOND)).attempts == 2


async def test_a_worker_that_was_asked_to_stop_costs_no_attempt(database: Database) -> None:
    await laid_out(database, seconds=12)
    for _ in range(MAX_ATTEMPTS + 2):
        claim = await claim_one(database)
        assert claim.attempts == 1
        await leases.put_back(database, claim, NOW, counted=False)


async def test_silent_deaths_are_counted_and_told(database: Database) -> None:
    video = await laid_out(database, seconds=12)
    late = timedelta()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        late += LEASE + SECOND
        assert (await claim_one(database, after=late)).attempts == attempt
    assert await leases.claim_next(database, "transcode", "b/1", NOW + late + LEASE + SECOND, TIMING) is None
    video = await video_of(database, video.id)
    assert video.state == "failed"
    assert "Encoding part 2 was interrupted 3 times" in str(video.error)
    assert (await lesson_of(database, video)).video_status == "failed"
    states = {job.state for kind in ("chunk", "audio") for job in await jobs_of(database, video.id, kind)}
    assert states == {"failed", "cancelled"}


async def test_a_restarted_worker_frees_what_it_held(database: Database) -> None:
    await laid_out(database)
    claim = await claim_one(database, worker="a/1")
    other = await claim_one(database, worker="a/2")
    await leases.release_own(database, "a/1", NOW)
    assert [job.id for job in await leases.due(database, "transcode", NOW, 5)] == [claim.id]
    assert (await claim_one(database, worker="a/1")).id == claim.id
    assert await leases.is_owned(database, other)
