"""Leases on job rows: claim, renew, complete, fail, requeue. Writes after the claim check its fence."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.engine import Database
from storage.database.tables import Job
from storage.messages import Message
from storage.objects import keys
from storage.states import JobState, RevisionState
from transcoder.jobs import revisions
from transcoder.jobs.timing import Timing, deadline
from transcoder.media import Digest, Mending, Source
from transcoder.planning.plan import Plan


class LeaseLost(Exception):
    """Lease no longer held: the job was cancelled, deleted or taken over by another worker."""


class Claim(msgspec.Struct, frozen=True):
    """Claimed job with the data needed to run it; valid until its lease expires."""

    id: str  # of the job
    queue: str
    video_id: str
    kind: str
    number: int
    fence: int  # fencing token; also the attempt number in the names of this attempt's objects
    attempts: int  # including this one
    source_key: str
    source_bytes: int
    source: Source | None
    plan: Plan | None
    result: dict[str, Any] | None  # already published by an earlier attempt
    mending: Mending | None = None  # what of a ready revision is made again

    def planned(self) -> tuple[Source, Plan]:
        """Source and plan, for every kind but prepare, which creates them."""
        if self.source is None or self.plan is None:
            raise ValueError(f"Job {self.id} has no plan yet.")
        return self.source, self.plan

    @property
    def encoded_key(self) -> str:
        """Key of the object that ffmpeg reads."""
        normalised = self.source is not None and self.source.normalised
        return keys.normalised(self.video_id) if normalised else self.source_key

    @property
    def deadline(self) -> timedelta:
        return deadline(self.plan.duration if self.plan else None, self.source_bytes)

    @property
    def owned(self) -> ColumnElement[bool]:
        return and_(Job.id == self.id, Job.fence == self.fence, Job.state == JobState.RUNNING)


async def renew(database: Database, claim: Claim, now: datetime, timing: Timing, **values: Any) -> None:
    """Renew the lease and write the job's `progress` and `speed`. Raises LeaseLost."""
    async with database.write() as session:
        if not await is_complete(session, claim):
            await _update(session, claim, lease_until=now + timedelta(seconds=timing.lease), **values)


async def is_owned(database: Database, claim: Claim) -> bool:
    """Whether the claim is still valid, or its attempt has completed the job."""
    ours = and_(
        Job.id == claim.id, Job.fence == claim.fence, Job.state.in_((JobState.RUNNING, JobState.DONE))
    )
    async with database.read() as session:
        return await session.scalar(select(Job.id).where(ours)) is not None


async def store_result(session: AsyncSession, claim: Claim, result: Any) -> None:
    """Store the partial result of a running job. Raises LeaseLost."""
    await _update(session, claim, result=msgspec.to_builtins(result))


async def complete(
    session: AsyncSession,
    claim: Claim,
    result: Any,
    now: datetime,
    digests: Mapping[str, Digest] | None = None,
) -> None:
    """Complete a job; lock the revision first. Idempotent. Raises LeaseLost.

    `digests`: of the objects of this attempt, by path below the video's folder.
    """
    if await is_complete(session, claim):  # the first commit succeeded but its reply was lost
        return
    await _update(
        session,
        claim,
        state=JobState.DONE,
        progress=1.0,
        error=None,
        finished_at=now,
        lease_until=None,
        result=msgspec.to_builtins(result),
        digests=msgspec.to_builtins(digests) if digests else None,
    )


async def is_complete(session: AsyncSession, claim: Claim) -> bool:
    """Whether this attempt has completed the job."""
    ours = and_(Job.id == claim.id, Job.fence == claim.fence, Job.state == JobState.DONE)
    return await session.scalar(select(Job.id).where(ours)) is not None


async def fail(database: Database, claim: Claim, told: Message, now: datetime) -> None:
    """Fail the job and its revision: another attempt would not help. Raises LeaseLost."""
    async with database.write() as session:
        video = await revisions.lock(session, claim.video_id)
        await _update(session, claim, state=JobState.FAILED, error=told, finished_at=now, lease_until=None)
        if video is not None:
            await revisions.fail(session, video, told, now)


async def refuse(database: Database, claim: Claim, told: Message, now: datetime) -> None:
    """Reject the original as unusable: the revision fails and nothing of it is kept. Raises LeaseLost."""
    async with database.write() as session:
        video = await revisions.lock(session, claim.video_id)
        await _update(
            session,
            claim,
            state=JobState.FAILED,
            error=told,
            finished_at=now,
            lease_until=None,
            result={"unusable": True},
        )
        if video is not None:
            await revisions.fail(session, video, told, now)
            if video.state == RevisionState.FAILED:  # what is ready stays
                await revisions.discard(session, video, now)


async def requeue(
    database: Database,
    claim: Claim,
    now: datetime,
    *,
    delay: timedelta = timedelta(),
    counted: bool,
    error: Message | None = None,
) -> None:
    """Requeue the job for another attempt after `delay`.

    `counted` is False when the cause was not the job itself. Raises LeaseLost.
    """
    async with database.write() as session:
        await _update(
            session,
            claim,
            state=JobState.WAITING,
            worker=None,
            lease_until=None,
            progress=0.0,
            speed=None,
            error=error,
            queued_at=now + delay,
            attempts=claim.attempts if counted else claim.attempts - 1,
        )


async def delete_job(session: AsyncSession, claim: Claim) -> None:
    """Delete the job; lock the revision first. Raises LeaseLost."""
    done = await session.scalar(delete(Job).where(claim.owned).returning(Job.id))
    if done is None:
        raise LeaseLost(claim.id)


async def release_own(database: Database, worker: str, now: datetime) -> None:
    """Requeue the running jobs of a worker's dead predecessor of the same name, due at once."""
    async with database.write() as session:
        await session.execute(
            update(Job)
            .where(Job.worker == worker, Job.state == JobState.RUNNING)
            .values(state=JobState.WAITING, worker=None, lease_until=None, queued_at=now)
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
