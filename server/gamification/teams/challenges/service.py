"""Challenges: making, changing before they begin, ending early. Handlers check that administrators do."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.audit.recording import Subject, record
from server.core.errors import Conflict, EditConflict, Invalid, NotFound
from server.core.text.merge import Merged
from server.gamification.learner.stats import today
from server.gamification.teams.challenges import counting, rules
from server.gamification.teams.challenges.rules import ChallengeState, Terms
from server.gamification.teams.challenges.schemas import ChallengeView
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import lock_row
from storage.database.tables import Challenge, Course, Team
from storage.messages import N_
from storage.states import Audience, ChallengeMode
from storage.states.privacy import AuditAction, AuditSubject

NONE = N_("There is no such challenge.")
BEGUN = N_("The challenge has begun, and what was promised stays. It can only be ended early.")
NOT_RUNNING = N_("Only a challenge that is running can be ended.")
GONE = N_("This course or team does not exist any more. Choose another one.")


async def listed(session: AsyncSession, now: datetime) -> list[ChallengeView]:
    """Step: every challenge, the latest first."""
    rows = await session.scalars(select(Challenge).order_by(Challenge.first_day.desc(), Challenge.id.desc()))
    return await _views(session, list(rows), await today(session, now))


async def shown(session: AsyncSession, challenge_id: str, now: datetime) -> ChallengeView:
    """Step. Raises NotFound."""
    row = await session.get(Challenge, challenge_id)
    if row is None:
        raise NotFound(NONE)
    (view,) = await _views(session, [row], await today(session, now))
    return view


async def create(
    database: Database, values: Mapping[str, str], actor_id: str, now: datetime
) -> ChallengeView:
    """Use case. `values`: texts by the names of NewChallenge. Raises Invalid."""
    async with database.write() as session:
        terms = rules.clean(values, await today(session, now))
        await _require_audience(session, terms)
        about: dict[str, Any] = {"created_by": actor_id, "created_at": now, "updated_at": now, "version": 1}
        row = Challenge(id=new_id(), **msgspec.structs.asdict(terms), **about)
        session.add(row)
        await _count(session, row, now)
        await _note(session, row, "made", actor_id, now)
        return await shown(session, row.id, now)


async def change(
    database: Database,
    challenge_id: str,
    values: Mapping[str, str],
    version: int | UnsetType,
    now: datetime,
    *,
    by: str | None = None,
) -> ChallengeView:
    """Use case: change terms before the first day. Raises NotFound, Invalid, Conflict and EditConflict."""
    async with database.write() as session:
        row = await lock_row(session, Challenge, challenge_id)
        if row is None:
            raise NotFound(NONE)
        day = await today(session, now)
        if _state(row, day) != ChallengeState.PLANNED:
            raise Conflict(BEGUN)
        saved = texts(row)
        typed = {**saved, **values}
        terms = rules.clean(typed, day)
        if version not in (UNSET, row.version) and typed != saved:
            raise EditConflict(Merged(typed), version=row.version, saved_at=row.updated_at)
        await _require_audience(session, terms)
        if typed != saved:
            for name, value in msgspec.structs.asdict(terms).items():
                setattr(row, name, value)
            row.version += 1
            row.updated_at = now
            await _count(session, row, now)
            await _note(session, row, "changed", by, now)
        return await shown(session, challenge_id, now)


async def delete(
    database: Database, challenge_id: str, now: datetime, *, by: str | None = None
) -> ChallengeView:
    """Use case: delete a challenge that has not begun. Raises NotFound and Conflict."""
    async with database.write() as session:
        view = await shown(session, challenge_id, now)
        row = await lock_row(session, Challenge, challenge_id)
        if view.state != ChallengeState.PLANNED:
            raise Conflict(BEGUN)
        if row is not None:
            await _note(session, row, "deleted", by, now)
            await session.delete(row)
        return view


async def end(
    database: Database, challenge_id: str, reason: str, now: datetime, *, by: str | None = None
) -> ChallengeView:
    """Use case: end a challenge now; what happened before counts. Idempotent: the first reason stays.

    Raises NotFound, Invalid, and Conflict when it is not running.
    """
    told = rules.clean_reason(reason)
    async with database.write() as session:
        row = await lock_row(session, Challenge, challenge_id)
        if row is None:
            raise NotFound(NONE)
        if row.ended_at is None:
            if _state(row, await today(session, now)) != ChallengeState.RUNNING:
                raise Conflict(NOT_RUNNING)
            row.ended_at, row.end_reason, row.updated_at = now, told, now
            await _note(session, row, "ended", by, now)
        return await shown(session, challenge_id, now)


async def _note(session: AsyncSession, row: Challenge, what: str, by: str | None, now: datetime) -> None:
    """Step: entry of the audit log."""
    about = Subject(AuditSubject.CHALLENGE, row.id, row.title)
    await record(session, by, AuditAction.CHALLENGE_CHANGED, now, about=about, data={"what": what})


async def _count(session: AsyncSession, row: Challenge, now: datetime) -> None:
    """So that pages know at once for how many people it is; afterwards the scheduled task counts."""
    await session.flush()
    counted = await counting.count(session, row)
    row.progress, row.people, row.counted_at = counted.progress, counted.people, now
    await session.flush()


def texts(row: Challenge) -> dict[str, str]:
    """Terms as a form has them."""
    return {
        "title": row.title,
        "first_day": row.first_day,
        "last_day": row.last_day,
        "metric": row.metric,
        "mode": row.mode,
        "target": str(row.target),
        "whom": rules.whom(row.audience, row.course_id, row.team_id),
    }


async def names(session: AsyncSession, rows: list[Challenge]) -> dict[str, str]:
    """Step: titles and names of the courses and teams that challenges are for, by id."""
    courses = select(Course.id, Course.title).where(Course.id.in_({row.course_id for row in rows}))
    teams = select(Team.id, Team.name).where(Team.id.in_({row.team_id for row in rows}))
    return {key: name for query in (courses, teams) for key, name in await session.execute(query)}


async def _require_audience(session: AsyncSession, terms: Terms) -> None:
    kinds: dict[Audience, tuple[type[Course | Team], str | None]] = {
        Audience.COURSE: (Course, terms.course_id),
        Audience.TEAM: (Team, terms.team_id),
    }
    table, key = kinds.get(terms.audience, (Team, None))
    if key is not None and await session.get(table, key) is None:
        raise Invalid(GONE, fields={"whom": GONE})


def _state(row: Challenge, day: str) -> ChallengeState:
    return rules.state(row.first_day, row.last_day, row.ended_at, row.settled_at, day)


async def _views(session: AsyncSession, rows: list[Challenge], day: str) -> list[ChallengeView]:
    known = await names(session, rows)
    return [
        ChallengeView(
            id=row.id,
            title=row.title,
            first_day=row.first_day,
            last_day=row.last_day,
            metric=row.metric,
            mode=row.mode,
            target=row.target,
            whom=rules.whom(row.audience, row.course_id, row.team_id),
            audience=row.audience,
            audience_name=known.get(row.course_id or row.team_id or ""),
            state=_state(row, day),
            progress=row.progress,
            people=row.people,
            percent=_percent(row),
            counted_at=row.counted_at,
            ended_at=row.ended_at,
            end_reason=row.end_reason,
            version=row.version,
        )
        for row in rows
    ]


def _percent(row: Challenge) -> int:
    together = row.mode == ChallengeMode.TOGETHER
    return rules.percent(row.progress, row.target if together else max(1, row.people))
