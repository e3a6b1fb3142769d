"""Parts of a ready revision that are made again from its original, by its own jobs and the ordinary queue.

The revision stays ready meanwhile, and what is made replaces the rest in one transaction. Each function
locks the revision's row first, like all that change an encoding.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import deletions
from storage.database.engine import Database
from storage.database.tables import Job, Lesson, Video
from storage.database.trouble import again
from storage.messages import Message
from storage.states import JobKind, JobState, RevisionState
from transcoder.jobs import leases, revisions
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.jobs.queue import QUICK, TRANSCODE
from transcoder.media import Digest, FinishResult, Mending, Part, PublishedVideo
from transcoder.packaging import playlist
from transcoder.planning.cost import job_cost
from transcoder.planning.plan import Plan


class DoNotFit(Exception):
    """Parts that are made again do not fit together, although all were; `str()` is for the log."""


class Mended(msgspec.Struct, frozen=True):
    """What replaces the published document, and the objects that nothing refers to afterwards."""

    published: PublishedVideo
    digests: dict[str, Digest]
    unreferenced: list[str]


@again
async def begin(database: Database, video_id: str, wanted: Mending, now: datetime) -> Sequence[Job] | None:
    """Queue what is to be made again; the jobs to wake. None when the revision is not ready or no longer
    shown, or parts of it are being made already."""
    async with database.write() as session:
        video = await revisions.lock(session, video_id)
        if video is None or video.state != RevisionState.READY or video.published is None or video.mending:
            return None
        lesson = await session.get(Lesson, video.lesson_id)
        if lesson is None or lesson.video_id != video.id:
            return None
        return await _queue(session, video, wanted, now)


async def _queue(session: AsyncSession, video: Video, wanted: Mending, now: datetime) -> Sequence[Job]:
    video.mending = msgspec.to_builtins(wanted)
    rows = {
        (row.kind, row.number): row
        for row in await session.scalars(select(Job).where(Job.video_id == video.id))
    }
    plan = msgspec.convert(video.plan, Plan)
    queued = []
    for kind, number in wanted.parts:
        job = rows.get((JobKind(kind), number))
        if job is None:  # pruned
            job = _row(video, plan, JobKind(kind), number, now)
            session.add(job)
        revisions.put_back(job, now)
        # Above every attempt that has written objects, so that the new ones have names of their own.
        job.fence = max(job.fence or 0, _attempt(video.published or {}, kind, number))
        job.result = job.digests = None
        queued.append(job)
    if not queued:
        finish = await revisions.finish_job_if_due(session, video, now)
        queued = [finish] if finish else []
    await session.flush()
    return queued


def _row(video: Video, plan: Plan, kind: JobKind, number: int, now: datetime) -> Job:
    queue = QUICK if kind == JobKind.AUDIO or number == 0 else TRANSCODE
    cost = job_cost(plan, kind, number)
    return Job(video_id=video.id, kind=kind, number=number, queue=queue, queued_at=now, cost=cost, fence=0)


def _attempt(document: Mapping[str, Any], kind: str, number: int) -> int:
    """Attempt whose objects are published of a part."""
    if kind == JobKind.AUDIO:
        return int(document["audio"]["part"]["take"]) if document.get("audio") else 0
    return int(document["chunks"][number]["take"])


def with_parts(document: Mapping[str, Any], results: Mapping[Part, Any]) -> dict[str, Any]:
    """The published document with other results of some parts."""
    chunks = [results.get((JobKind.CHUNK, n)) or chunk for n, chunk in enumerate(document["chunks"])]
    return {"chunks": chunks, "audio": results.get((JobKind.AUDIO, 0)) or document["audio"]}


def all_parts(plan: Plan) -> tuple[Part, ...]:
    chunks = tuple((str(JobKind.CHUNK), chunk.number) for chunk in (plan.video.chunks if plan.video else ()))
    return (*chunks, *([(str(JobKind.AUDIO), 0)] if plan.audio else []))


@again
async def widen(database: Database, claim: Claim, wanted: Mending, now: datetime) -> Sequence[Job]:
    """Make more parts again; the finish job waits for them. Raises LeaseLost."""
    async with database.write() as session:
        video = await _locked(session, claim)
        await leases.delete_job(session, claim)
        done = msgspec.convert(video.mending, Mending).parts
        more = msgspec.structs.replace(wanted, parts=_without(wanted.parts, done))
        queued = await _queue(session, video, more, now)
        video.mending = msgspec.to_builtins(wanted)
        return queued


def _without(parts: Collection[Part], done: Collection[Part]) -> tuple[Part, ...]:
    return tuple(part for part in parts if part not in done)


async def publish(
    session: AsyncSession, claim: Claim, mended: Mended, result: FinishResult, now: datetime
) -> None:
    """Replace what is published, and complete the finish job. Raises LeaseLost."""
    video = await _locked(session, claim)
    await leases.complete(session, claim, result, now)
    video.published = msgspec.to_builtins(mended.published)
    video.digests = msgspec.to_builtins(mended.digests)
    video.mending = video.damage = video.damage_told_at = None
    video.mended_at = now
    lesson = await session.get(Lesson, video.lesson_id, with_for_update=True)
    if lesson is not None and lesson.video_id == video.id:
        published = mended.published
        plan = msgspec.convert(video.plan, Plan)
        lesson.video_quality_variants = playlist.variants(plan, published.chunks, published.audio)
        if result.poster:
            lesson.video_thumbnail_url = revisions.POSTER_URL.format(video.id)
    await deletions.schedule(session, mended.unreferenced, now)


async def _locked(session: AsyncSession, claim: Claim) -> Video:
    video = await revisions.lock(session, claim.video_id)
    if video is None or video.mending is None or video.state != RevisionState.READY:
        raise LeaseLost(claim.id)
    return video


async def note_damage(session: AsyncSession, video_id: str, told: Message | None) -> None:
    """Step: keep why a lecture cannot be made whole; None: it is whole. The same is told only once."""
    video = await revisions.lock(session, video_id)
    if video is None or video.damage == told:
        return
    if video.damage is None or told is None:
        video.damage_told_at = None
    video.damage = told


async def finished(session: AsyncSession, video_id: str, since: datetime) -> set[Part]:
    """Step: parts that were finished since then."""
    rows = await session.execute(
        select(Job.kind, Job.number).where(
            Job.video_id == video_id,
            Job.kind.in_((JobKind.CHUNK, JobKind.AUDIO)),
            Job.state == JobState.DONE,
            Job.finished_at >= since,
        )
    )
    return {(str(row.kind), row.number) for row in rows}
