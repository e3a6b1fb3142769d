"""What a worker may do to a job's row. Every write after the claim says "where the fence is mine"."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.engine import Database
from storage.database.tables import Job, Video
from storage.objects import keys
from transcoder.jobs import revisions
from transcoder.jobs.timing import MAX_ATTEMPTS, Timing, deadline
from transcoder.media import Source
from transcoder.planning.plan import Plan

SKEW = timedelta(seconds=5)  # a hint from a machine whose clock is ahead is no hint for nothing


class LeaseLost(Exception):
    """The job is no longer ours: cancelled, deleted, or another worker has taken it over."""


class Claim(msgspec.Struct, frozen=True):
    """A job that is ours until the lease runs out, and what is needed to do it."""

    id: str  # of the job
    queue: str
    video_id: str
    kind: str
    number: int
    fence: int  # also the take in the names of the objects that this attempt makes
    attempts: int  # this one included
    source_key: str
    source_bytes: int
    source: Source | None
    plan: Plan | None
    result: dict[str, Any] | None  # what an earlier attempt had published already

    def planned(self) -> tuple[Source, Plan]:
        """For every kind but prepare, which makes them."""
        if self.source is None or self.plan is None:
            raise ValueError(f"Job {self.id} has no plan yet.")
        return self.source, self.plan

    @property
    def encoded_key(self) -> str:
        """The object that ffmpeg reads."""
        normalised = self.source is not None and self.source.normalised
        return keys.normalised(self.video_id) if normalised else self.source_key

    @property
    def deadline(self) -> timedelta:
        return deadline(self.plan.duration if self.plan else None, self.source_bytes)

    @property
    def owned(self) -> ColumnElement[bool]:
        return and_(Job.id == self.id, Job.fence == self.fence, Job.state == "running")


async def claim_next(
    database: Database,
    queue: str,
    worker: str,
    now: datetime,
    timing: Timing,
    without: Collection[str] = (),
) -> Claim | None:
    """Take the job of this queue that should be done first; None when there is nothing to do.

    `without`: kinds for which this worker has no room.

    Oldest revision first, but checks of new uploads before anything that takes long, and the
    last step of a revision before the chunks of others. A job that has used up its attempts
    fails its revision instead.
    """
    first = _due(queue, now).where(Job.kind.not_in(without)).limit(1)
    while True:
        async with database.read() as session:  # most hints find nothing: cost no write lock
            if await session.scalar(first) is None:
                return None
        async with database.write() as session:
            job = await session.scalar(first.with_for_update(skip_locked=True, of=Job))
            if job is None:
                return None
            if job.attempts < MAX_ATTEMPTS:
                return await _take(session, job, worker, now, timing)
        await give_up(database, job, now)


async def due(database: Database, queue: str, now: datetime, limit: int) -> list[Job]:
    """The jobs that the next ones to ask would get."""
    async with database.read() as session:
        return list(await session.scalars(_due(queue, now).limit(limit)))


async def _take(session: AsyncSession, job: Job, worker: str, now: datetime, timing: Timing) -> Claim:
    job.state, job.worker = "running", worker
    job.attempts, job.fence = job.attempts + 1, job.fence + 1
    job.lease_until = now + timedelta(seconds=timing.lease)
    job.started_at, job.finished_at, job.progress, job.speed = now, None, 0.0, None
    video = await session.get_one(Video, job.video_id)
    if video.started_at is None:
        await session.execute(
            update(Video).where(Video.id == video.id, Video.started_at.is_(None)).values(started_at=now)
        )
    return Claim(
        id=job.id,
        queue=job.queue,
        video_id=video.id,
        kind=job.kind,
        number=job.number,
        fence=job.fence,
        attempts=job.attempts,
        source_key=video.source_key,
        source_bytes=video.source_bytes,
        source=msgspec.convert(video.source, Source) if video.source else None,
        plan=msgspec.convert(video.plan, Plan) if video.plan else None,
        result=job.result,
    )


def _due(queue: str, now: datetime) -> Any:
    urgent = case((Job.kind.in_(("prepare", "finish")), 0), else_=1)
    return (
        select(Job)
        .join(Video, Video.id == Job.video_id)
        .where(
            Job.queue == queue,
            Video.state.in_(revisions.ACTIVE),
            or_(
                and_(Job.state == "waiting", Job.queued_at <= now + SKEW),
                and_(Job.state == "running", Job.lease_until < now),
            ),
        )
        .order_by(urgent, Video.id, Job.number, Job.id)
    )


async def give_up(database: Database, job: Job, now: datetime) -> bool:
    """Fail the revision of a job whose every attempt died without a word."""
    async with database.write() as session:
        video = await revisions.lock(session, job.video_id)
        failed = await session.scalar(
            update(Job)
            .where(
                Job.id == job.id,
                Job.fence == job.fence,
                Job.attempts >= MAX_ATTEMPTS,
                Job.state.in_(("waiting", "running")),
            )
            .values(state="failed", finished_at=now)
            .returning(Job.id)
        )
        if failed is None or video is None:
            return False
        await revisions.fail(session, video, _exhausted(job), now)
        return True


def _exhausted(job: Job) -> str:
    part = {"prepare": "Checking the file", "audio": "Encoding the sound", "finish": "The last step"}
    name = part.get(job.kind) or f"Encoding part {job.number + 1}"
    reason = f" The last reason was: {job.error}" if job.error else ""
    return (
        f"{name} was interrupted {MAX_ATTEMPTS} times, so it was given up.{reason}"
        " Press Retry; what is finished is kept. If it happens again, ask the administrator"
        " to look at the workers' log."
    )


async def renew(database: Database, claim: Claim, now: datetime, timing: Timing, **values: Any) -> None:
    """Hold on to the job for another lease, and tell its `progress` and `speed`. Raises LostClaim."""
    async with database.write() as session:
        if not await is_complete(session, claim):
            await _update(session, claim, lease_until=now + timedelta(seconds=timing.lease), **values)


async def is_owned(database: Database, claim: Claim) -> bool:
    """Also once this attempt is the one that counts."""
    ours = and_(Job.id == claim.id, Job.fence == claim.fence, Job.state.in_(("running", "done")))
    async with database.read() as session:
        return await session.scalar(select(Job.id).where(ours)) is not None


async def store_result(session: AsyncSession, claim: Claim, result: Any) -> None:
    """What can be published of a job that goes on. Raises LostClaim."""
    await _update(session, claim, result=msgspec.to_builtins(result))


async def complete(session: AsyncSession, claim: Claim, result: Any, now: datetime) -> None:
    """Lock the revision first. A second time is the same as once. Raises LostClaim."""
    if await is_complete(session, claim):  # the database's answer to the first time was lost
        return
    await _update(
        session,
        claim,
        state="done",
        progress=1.0,
        error=None,
        finished_at=now,
        lease_until=None,
        result=msgspec.to_builtins(result),
    )


async def is_complete(session: AsyncSession, claim: Claim) -> bool:
    """Whether this very attempt is the one that counts."""
    ours = and_(Job.id == claim.id, Job.fence == claim.fence, Job.state == "done")
    return await session.scalar(select(Job.id).where(ours)) is not None


async def fail(database: Database, claim: Claim, sentence: str, now: datetime) -> None:
    """No other attempt can do better: the revision fails. Raises LostClaim."""
    async with database.write() as session:
        video = await revisions.lock(session, claim.video_id)
        await _update(session, claim, state="failed", error=sentence, finished_at=now, lease_until=None)
        if video is not None:
            await revisions.fail(session, video, sentence, now)


async def refuse(database: Database, claim: Claim, sentence: str, now: datetime) -> None:
    """The original is no lecture: the revision fails and nothing of it is kept. Raises LostClaim."""
    async with database.write() as session:
        video = await revisions.lock(session, claim.video_id)
        await _update(
            session,
            claim,
            state="failed",
            error=sentence,
            finished_at=now,
            lease_until=None,
            result={"unusable": True},
        )
        if video is not None:
            await revisions.fail(session, video, sentence, now)
            await revisions.discard(session, video, now)


async def put_back(
    database: Database,
    claim: Claim,
    now: datetime,
    *,
    delay: timedelta = timedelta(),
    counted: bool,
    error: str | None = None,
) -> None:
    """Let another attempt have it after `delay`; not `counted` when it was no fault of the job.

    Raises LostClaim.
    """
    async with database.write() as session:
        await _update(
            session,
            claim,
            state="waiting",
            worker=None,
            lease_until=None,
            progress=0.0,
            speed=None,
            error=error,
            queued_at=now + delay,
            attempts=claim.attempts if counted else claim.attempts - 1,
        )


async def withdraw(session: AsyncSession, claim: Claim) -> None:
    """Take the job itself off the list. Lock the revision first. Raises LostClaim."""
    done = await session.scalar(delete(Job).where(claim.owned).returning(Job.id))
    if done is None:
        raise LeaseLost(claim.id)


async def release_own(database: Database, worker: str, now: datetime) -> None:
    """At a worker's start: what its dead predecessor of the same name was doing is due at once."""
    async with database.write() as session:
        await session.execute(
            update(Job)
            .where(Job.worker == worker, Job.state == "running")
            .values(state="waiting", worker=None, lease_until=None, queued_at=now)
        )


async def _update(session: AsyncSession, claim: Claim, **values: Any) -> None:
    done = await session.scalar(
        update(Job)
        .where(claim.owned)
        .values(**values)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    if done is None:
        raise LeaseLost(claim.id)
