"""System health with what to do about each red light, and everything of the dashboard in one answer."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics import service as analytics
from server.analytics.definitions.scope import EVERYTHING
from server.analytics.queries.top import CourseMetric, TopCourse, TopInstructor
from server.analytics.schemas import AskedDays, Engagement, Overview, Revenue, UserGrowth
from server.operations.health import Check, Health
from server.operations.service import (
    Disk,
    Glance,
    QueueFigures,
    WorkerFigures,
    glance,
    space,
)
from server.services import Services
from storage.database.tables import UserSession
from storage.messages import N_

ACTIVE = timedelta(minutes=15)  # since a browser was seen last
LEAST_FREE_PERCENT = 10  # of the disk
TOP = 5
REMEDIES = {
    "database": N_("Look whether the database runs and its disk has room; skillstudio doctor tells more."),
    "queue": N_("Look whether Valkey runs: videos wait until it is back, nothing is lost."),
    "objects": N_("Look whether the file store can be reached and its credentials are valid."),
    "workers": N_("Start a worker: skillstudio worker --queue quick, and one with --queue transcode."),
    "disk": N_(
        "Make room: remove old originals on the page Originals, or give the data folder a larger disk."
    ),
}


class Light(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one check."""

    ok: bool
    says: str  # what is wrong
    remedy: str  # what to do about it; empty while nothing is wrong


class SystemHealth(msgspec.Struct, frozen=True, kw_only=True):
    as_of: datetime
    well: bool
    lights: dict[str, Light]  # database, queue, objects, workers, disk
    queue_depth: int  # jobs that wait
    oldest_job_seconds: float | None
    queues: list[QueueFigures]
    workers: list[WorkerFigures]
    last_heartbeat: datetime | None  # of the worker that was seen last
    disk: Disk
    store_free: int | None  # bytes; null when the store does not report it
    active_sessions: int  # browsers that were seen in the last 15 minutes
    uptime_seconds: float  # of the server that answered
    version: str
    database: str


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """All of the other calls in one."""

    overview: Overview
    user_growth: UserGrowth
    engagement: Engagement
    revenue: Revenue
    top_courses: list[TopCourse]
    top_instructors: list[TopInstructor]
    system_health: SystemHealth


async def system_health(services: Services, health: Health, now: datetime) -> SystemHealth:
    """Use case: the checks are asked before the database is read."""
    checks = await health.checks(now)
    free = await space(services, checks)
    async with services.database.read() as session:
        seen = await glance(session, services, checks, free, now)
        active = select(func.count()).where(UserSession.last_seen_at > now - ACTIVE)
        return _shown(seen, int(await session.scalar(active) or 0), now)


def _shown(seen: Glance, active_sessions: int, now: datetime) -> SystemHealth:
    lights = {name: light(name, check) for name, check in seen.checks.items()}
    full = seen.disk.used_percent > 100 - LEAST_FREE_PERCENT
    lights["disk"] = light("disk", Check(ok=not full, says=N_("The disk is nearly full.") if full else ""))
    return SystemHealth(
        as_of=now,
        well=all(one.ok for one in lights.values()),
        lights=lights,
        queue_depth=sum(queue.waiting for queue in seen.queues),
        oldest_job_seconds=max(
            (queue.oldest_seconds for queue in seen.queues if queue.oldest_seconds is not None), default=None
        ),
        queues=seen.queues,
        workers=seen.workers,
        last_heartbeat=max((worker.seen_at for worker in seen.workers), default=None),
        disk=seen.disk,
        store_free=seen.store_free,
        active_sessions=active_sessions,
        uptime_seconds=seen.uptime_seconds,
        version=seen.version,
        database=seen.database,
    )


def light(name: str, check: Check) -> Light:
    return Light(ok=check.ok, says=check.says, remedy="" if check.ok else REMEDIES.get(name, ""))


async def dashboard(services: Services, health: Health, asked: AskedDays, now: datetime) -> Dashboard:
    """Use case: figures of the last days, read together, and the system's health."""
    well = await system_health(services, health, now)
    async with services.database.read() as session:
        return await _dashboard(session, well, asked, now)


async def _dashboard(session: AsyncSession, well: SystemHealth, asked: AskedDays, now: datetime) -> Dashboard:
    chosen = await analytics.asked_for(session, asked, now)
    courses = await analytics.top_courses(session, chosen, CourseMetric.ENROLLMENTS, TOP, now)
    return Dashboard(
        overview=await analytics.overview(session, EVERYTHING, chosen, now),
        user_growth=await analytics.user_growth(session, EVERYTHING, chosen, now),
        engagement=await analytics.engagement(session, EVERYTHING, chosen, now),
        revenue=await analytics.revenue(session, EVERYTHING, chosen, now),
        top_courses=courses.courses,
        top_instructors=(await analytics.top_instructors(session, chosen, TOP, now)).instructors,
        system_health=well,
    )
