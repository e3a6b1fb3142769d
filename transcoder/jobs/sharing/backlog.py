"""Backlogs of all lectures, and the recent use of the encoders, read for `sharing.rules`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.tables import Job, Video
from storage.states import JobKind, JobState, RevisionState
from transcoder.jobs import revisions
from transcoder.jobs.sharing import rules as sharing
from transcoder.jobs.sharing.rules import Backlog, Run

NOTHING = false()
UNDONE = (JobState.WAITING, JobState.RUNNING)


async def backlogs(
    session: AsyncSession,
    now: datetime,
    having: ColumnElement[bool] | None = None,
    first: ColumnElement[bool] | None = None,
) -> Sequence[Backlog]:
    """Backlogs of the revisions that have work, with `having` of those with a job of which it is true.
    `first`: of jobs that come before others of the same person."""
    left = case((Job.state.in_(UNDONE), Job.cost * (1 - Job.progress)), else_=0.0)
    running = case((and_(Job.state == JobState.RUNNING, Job.kind != JobKind.PREPARE), 1), else_=0)
    query = (
        select(
            Video.id,
            Video.submitted_by,
            Video.created_at,
            func.sum(Job.cost).label("cost"),
            func.sum(left).label("left"),
            Video.state,
            func.max(running).label("running"),
            func.max(case((NOTHING if first is None else first, 1), else_=0)).label("first"),
        )
        .join(Job, Job.video_id == Video.id)
        .where(revisions.has_work())
        .group_by(Video.id, Video.submitted_by, Video.created_at, Video.state)
    )
    if having is not None:
        query = query.having(func.max(case((having, 1), else_=0)) == 1)
    return [
        Backlog(
            video_id=row.id,
            person=row.submitted_by,
            waited=0.0 if row.state == RevisionState.READY else (now - row.created_at).total_seconds(),
            cost=row.cost,
            left=row.left,
            finishing=row.state == RevisionState.FINISHING,
            running=bool(row.running),
            first=bool(row.first),
        )
        for row in await session.execute(query)
    ]


async def recent_runs(session: AsyncSession, now: datetime) -> Sequence[Run]:
    """Jobs that are running, or ended within the last `sharing.WINDOW`."""
    ended = and_(Job.state == JobState.DONE, Job.finished_at > now - sharing.WINDOW)
    rows = await session.execute(
        select(Video.submitted_by, Job.cost, Job.progress, Job.started_at, Job.finished_at)
        .join(Video, Video.id == Job.video_id)
        .where(or_(Job.state == JobState.RUNNING, ended))
    )
    return [
        Run(person, cost, progress, started_at, finished_at)
        for person, cost, progress, started_at, finished_at in rows
        if started_at is not None
    ]


async def in_order(
    session: AsyncSession, now: datetime, having: ColumnElement[bool], first: ColumnElement[bool]
) -> Sequence[Backlog]:
    """Backlogs with a job of which `having` is true, in the order in which they are served."""
    found = await backlogs(session, now, having, first)
    return sharing.in_order(found, sharing.use(await recent_runs(session, now), now)) if found else ()
