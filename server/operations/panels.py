"""Panels of the administration page: health, figures, encodings, failures, workers, scheduled tasks."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.schedule import Daily, Every, Task
from server.core.web.pages import Panel
from server.operations import failures
from server.operations.health import Check
from server.operations.notices.service import OpenNotice
from server.operations.service import Glance
from server.operations.upkeep import maintenance, originals
from storage.database.tables import ScheduledTask
from storage.messages import N_, Message, message, span
from storage.states import Role

CHECKS = {
    "database": N_("Database"),
    "queue": N_("Queue"),
    "objects": N_("Files"),
    "workers": N_("Workers"),
}


LATE_SECONDS = 120  # after which a due task that no scheduler runs is shown as late


class TaskView(msgspec.Struct, frozen=True):
    name: str  # of the row, for *Run now*
    title: str
    host: str  # of a task that every machine runs for itself, else empty
    schedule: Message
    state: str  # running, failed, late, waiting
    due_at: datetime
    last_ended: datetime | None
    result: Message | str | None  # of the last run, or its error


def health(seen: Glance, notices: Sequence[OpenNotice], *, is_told: bool) -> Panel:
    """Checks, and what else administrators are told of; `is_told`: by mail or webhook."""
    since = {notice.key: notice.since for notice in notices}
    checks: list[tuple[str, Check, datetime | None]] = [
        (CHECKS[name], check, None if check.ok else since.get(name)) for name, check in seen.checks.items()
    ]
    others = [notice for notice in notices if notice.key not in seen.checks]
    values = {
        "healthy": seen.well and not others,
        "checks": checks,
        "notices": others,
        "is_told": is_told,
    }
    return Panel("operations/health.html", values)


async def upkeep(session: AsyncSession) -> Panel:
    """What operators should know of: maintenance mode, and originals that are going to be deleted."""
    return Panel(
        "operations/upkeep.html",
        {"notice": await maintenance.current(session), "marked": await originals.waiting(session)},
    )


def figures(seen: Glance) -> Panel:
    waiting = sum(queue.waiting for queue in seen.queues)
    oldest = max((queue.oldest_seconds or 0.0 for queue in seen.queues), default=0.0)
    return Panel("operations/figures.html", {"seen": seen, "waiting": waiting, "oldest": oldest})


def encodings(seen: Glance) -> Panel:
    return Panel("operations/encodings.html", {"lectures": seen.lectures})


async def failed(session: AsyncSession) -> Panel:
    return Panel("operations/failures.html", {"failures": await failures.latest(session)})


def workers(seen: Glance) -> Panel:
    return Panel("operations/workers.html", {"workers": seen.workers})


def facts(seen: Glance, people: Mapping[Role, int]) -> Panel:
    return Panel("operations/facts.html", {"seen": seen, "people": people})


async def scheduled(session: AsyncSession, tasks: Sequence[Task], now: datetime) -> Panel:
    """Tasks of `server.wiring` with how their last run went; rows of earlier versions are left out."""
    known = {task.name: task for task in tasks}
    rows = await session.scalars(select(ScheduledTask).order_by(ScheduledTask.name))
    parts = [(row, *row.name.partition("@")) for row in rows]
    shown = [task_view(row, known[name], host, now) for row, name, _, host in parts if name in known]
    return Panel("operations/tasks.html", {"tasks": shown})


def task_view(row: ScheduledTask, task: Task, host: str, now: datetime) -> TaskView:
    return TaskView(
        name=row.name,
        title=task.title,
        host=host,
        schedule=_schedule(task.schedule),
        state=_state(row, now),
        due_at=row.due_at,
        last_ended=row.last_ended,
        result=row.last_error or row.last_result,
    )


def _schedule(schedule: Every | Daily) -> Message:
    if isinstance(schedule, Daily):
        return message(N_("daily at %(hour)s:00"), hour=schedule.hour)
    return message(N_("every %(time)s"), time=span(schedule.seconds))


def _state(row: ScheduledTask, now: datetime) -> str:
    if row.lease_until and row.lease_until > now and not row.last_error:
        return "running"
    if row.last_error:
        return "failed"
    return "late" if (now - row.due_at).total_seconds() > LATE_SECONDS else "waiting"
