"""Sweeper: expired leases, lost messages, missing finish jobs and stale workers."""

from datetime import timedelta

from sqlalchemy import update

from storage.database.engine import Database
from storage.database.tables import Job, Video, WorkerRow
from storage.states import JobState
from tests.fixtures.database import on_both_databases
from tests.fixtures.queue import Valkey
from tests.fixtures.web import RecordedQueue
from tests.integration.transcoder.jobs.lifecycle import jobs_of, prepared, submitted, video_of
from tests.world.clock import START
from tests.world.media import small_chunk_result
from transcoder.jobs import claiming, leases
from transcoder.jobs.queue import QUICK, TRANSCODE, Queue
from transcoder.jobs.sweeper import WAKES_AT_ONCE, sweep
from transcoder.jobs.timing import MAX_ATTEMPTS, Timing, deadline

pytestmark = on_both_databases

TIMING = Timing()
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=TIMING.lease)
REHINT = timedelta(seconds=TIMING.rewake)


class EmptyQueue(RecordedQueue):
    def length(self, queue_name: str) -> int:
        return 0


async def test_sweep_without_faults_does_nothing(database: Database) -> None:
    await prepared(database)
    swept = await sweep(database, EmptyQueue(), START)
    assert (swept.requeued, swept.failed, swept.woken, swept.finishing) == (0, 0, 0, 0)


async def test_expired_lease_is_requeued(database: Database) -> None:
    video = await prepared(database, seconds=12)
    held = await claiming.claim_next(database, TRANSCODE, "a/1", START, TIMING)
    assert held
    queue = EmptyQueue()
    assert (await sweep(database, queue, START + LEASE)).requeued == 0
    swept = await sweep(database, queue, START + LEASE + SECOND)
    assert swept.requeued == 1
    assert (TRANSCODE, held.id) in queue.wakes
    assert not await leases.is_owned(database, held)
    job = (await jobs_of(database, video.id, "chunk"))[1]
    assert (job.state, job.attempts) == ("waiting", 1)


async def test_third_expired_lease_fails_the_revision(database: Database) -> None:
    video = await prepared(database, seconds=12)
    now = START
    for _ in range(MAX_ATTEMPTS):
        assert await claiming.claim_next(database, TRANSCODE, "a/1", now, TIMING)
        now += LEASE + SECOND
        swept = await sweep(database, EmptyQueue(), now)
    assert swept.failed == 1
    assert (await video_of(database, video.id)).state == "failed"


async def test_lost_wake_ups_are_sent_again(database: Database, valkey: Valkey, queue: Queue) -> None:
    for _ in range(WAKES_AT_ONCE + 4):
        await submitted(database)
    assert (await sweep(database, queue, START + REHINT)).woken == 0  # messages may be in transit
    late = START + REHINT + SECOND
    assert (await sweep(database, queue, late)).woken == WAKES_AT_ONCE
    assert queue.length(QUICK) == WAKES_AT_ONCE
    assert (await sweep(database, queue, late + REHINT + SECOND)).woken == 0  # still in the queue
    valkey.flush()
    assert (await sweep(database, queue, late + REHINT + SECOND)).woken == WAKES_AT_ONCE


async def test_unreachable_queue_does_not_stop_the_sweep(database: Database) -> None:
    video = await prepared(database, seconds=12)
    assert await claiming.claim_next(database, TRANSCODE, "a/1", START, TIMING)
    swept = await sweep(database, Queue("redis://127.0.0.1:1/0"), START + LEASE + SECOND)
    assert (swept.requeued, swept.woken) == (1, 0)
    assert (await jobs_of(database, video.id, "chunk"))[1].state == "waiting"


async def test_missing_finish_job_is_created(database: Database) -> None:
    video = await prepared(database)
    async with database.write() as session:
        await session.execute(
            update(Job).where(Job.video_id == video.id).values(state=JobState.DONE, result={})
        )
    assert (await sweep(database, EmptyQueue(), START)).finishing == 1
    assert (await sweep(database, EmptyQueue(), START)).finishing == 0
    assert [job.state for job in await jobs_of(database, video.id, "finish")] == ["waiting"]


async def test_overdue_job_is_revoked_despite_renewal(database: Database) -> None:
    video = await prepared(database, seconds=12)
    held = await claiming.claim_next(database, TRANSCODE, "a/1", START, TIMING)
    assert held
    late = START + 2 * deadline(12, video.source_bytes) + SECOND
    await leases.renew(database, held, late, TIMING, progress=0.1)
    assert (await sweep(database, EmptyQueue(), late)).requeued == 1
    assert not await leases.is_owned(database, held)


async def test_large_original_extends_the_deadline(database: Database) -> None:
    video = await submitted(database)
    async with database.write() as session:
        (await session.get_one(Video, video.id)).source_bytes = 10 * 2**30
    held = await claiming.claim_next(database, QUICK, "a/1", START, TIMING)
    assert held
    for hours, requeued in ((2, 0), (3, 1)):
        late = START + timedelta(hours=hours)
        await leases.renew(database, held, late, TIMING, progress=0.0)
        assert (await sweep(database, EmptyQueue(), late)).requeued == requeued


async def test_stale_worker_rows_are_deleted(database: Database) -> None:
    async with database.write() as session:
        for name, ago in (("a/1", 2 * TIMING.worker_gone), ("a/2", 5.0)):
            beat = START - timedelta(seconds=ago)
            session.add(
                WorkerRow(
                    id=name, host="a", pid=1, queue=QUICK, version="0", started_at=beat, heartbeat_at=beat
                )
            )
    assert (await sweep(database, EmptyQueue(), START)).workers_deleted == 1


async def test_finished_job_is_not_swept(database: Database) -> None:
    video = await prepared(database, seconds=12)
    held = await claiming.claim_next(database, TRANSCODE, "a/1", START, TIMING)
    assert held
    async with database.write() as session:
        await leases.complete(session, held, small_chunk_result(1), START)
    assert (await sweep(database, EmptyQueue(), START + 10 * LEASE)).requeued == 0
    async with database.read() as session:
        assert (await session.get_one(Video, video.id)).state == "encoding"


async def test_clock_that_was_set_back_holds_up_nothing(database: Database) -> None:
    """Jobs wait, and one is held by a worker that then dies, when the clock goes back by an hour."""
    hour, lecture = timedelta(hours=1), await prepared(database, seconds=30)
    held = await claiming.claim_next(database, TRANSCODE, "a/1", START, TIMING)
    assert held
    async with database.write() as session:
        row = {"id": "a/1", "host": "a", "pid": 1, "queue": TRANSCODE, "version": "1"}
        session.add(WorkerRow(**row, started_at=START, heartbeat_at=START))
    back = START - hour
    assert await claiming.claim_next(database, TRANSCODE, "b/1", back, TIMING) is None
    swept = await sweep(database, EmptyQueue(), back)
    assert (swept.requeued, swept.failed) == (0, 0)  # its worker may live
    taken = await claiming.claim_next(database, TRANSCODE, "b/1", back + SECOND, TIMING)
    assert taken
    assert taken.id != held.id
    async with database.read() as session:
        assert (await session.get_one(WorkerRow, "a/1")).heartbeat_at == back
    assert (await sweep(database, EmptyQueue(), back + LEASE + 2 * SECOND)).requeued == 2
    assert sorted(job.attempts for job in await jobs_of(database, lecture.id, "chunk"))[-2:] == [1, 1]


async def test_living_worker_keeps_its_job_when_the_clock_goes_back(database: Database) -> None:
    await prepared(database, seconds=30)
    held = await claiming.claim_next(database, TRANSCODE, "a/1", START, TIMING)
    assert held
    back = START - timedelta(days=365)
    await sweep(database, EmptyQueue(), back)
    await leases.renew(database, held, back + 10 * SECOND, TIMING)
    assert (await sweep(database, EmptyQueue(), back + LEASE + SECOND)).requeued == 0
    assert await leases.is_owned(database, held)


async def test_clock_that_goes_ahead_costs_a_job_one_attempt(database: Database) -> None:
    """A year ahead in mid-job, and right again while the job is tried anew."""
    video = await prepared(database, seconds=12)
    assert await claiming.claim_next(database, TRANSCODE, "a/1", START, TIMING)
    ahead = START + timedelta(days=365)
    assert (await sweep(database, EmptyQueue(), ahead)).requeued == 1
    again = await claiming.claim_next(database, TRANSCODE, "a/1", ahead + SECOND, TIMING)
    assert again
    right = START + 20 * SECOND
    await sweep(database, EmptyQueue(), right)
    await leases.renew(database, again, right + SECOND, TIMING)
    assert (await sweep(database, EmptyQueue(), right + LEASE)).requeued == 0
    async with database.write() as session:
        await leases.complete(session, again, small_chunk_result(1), right + LEASE)
    job = (await jobs_of(database, video.id, "chunk"))[1]
    assert (job.state, job.attempts) == ("done", 2)


async def test_delay_of_a_retry_is_no_moment_of_the_future(database: Database) -> None:
    video = await prepared(database, seconds=12)
    later = START + timedelta(seconds=TIMING.retry_most)
    async with database.write() as session:
        await session.execute(update(Job).where(Job.video_id == video.id).values(queued_at=later))
    await sweep(database, EmptyQueue(), START)
    assert {job.queued_at for job in await jobs_of(database, video.id, "chunk")} == {later}
