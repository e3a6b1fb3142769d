"""Admission of heartbeats: of people who are not disabled, are enrolled, and have not too many players."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.library.access import LIVE
from server.watching.schemas import Received
from storage.database.among import among
from storage.database.tables import Enrolment, Lesson, User, VideoAnalytics

MOST_SESSIONS = 120  # of one person in an hour: each page that plays something is one
HOUR = timedelta(hours=1)

Player = tuple[str, str]  # session, person


async def admitted(
    session: AsyncSession, batch: Sequence[Received], lessons: Mapping[str, Lesson], now: datetime
) -> set[Player]:
    """Step: players whose heartbeats are recorded. A token outlives an account and an enrolment by days."""
    people = {one.token.user_id for one in batch}
    courses = sorted({lesson.course_id for lesson in lessons.values()})
    inside = and_(Enrolment.user_id == User.id, Enrolment.course_id.in_(courses), LIVE)
    rows = await session.execute(
        select(User.id, Enrolment.course_id)
        .outerjoin(Enrolment, inside)
        .where(among(session, User.id, people), User.disabled_at.is_(None))
    )
    enrolled = {(user_id, course_id) for user_id, course_id in rows}
    active = {user_id for user_id, _ in enrolled}
    open_ones = [
        one
        for one in batch
        if one.token.user_id in active
        and (lesson := lessons.get(one.token.lesson_id)) is not None
        and lesson.video_duration_seconds
        and (one.token.staff or (one.token.user_id, lesson.course_id) in enrolled)
    ]
    return await _with_room(session, open_ones, now)


async def _with_room(session: AsyncSession, batch: Sequence[Received], now: datetime) -> set[Player]:
    """Step: the sessions that are known, and new ones while their person has not opened too many."""
    wanted = {(one.heartbeat.session, one.token.user_id) for one in batch}
    names = {name for name, _ in wanted}
    found = set(
        await session.scalars(select(VideoAnalytics.id).where(among(session, VideoAnalytics.id, names)))
    )
    known = {player for player in wanted if player[0] in found}
    if not (new := sorted(wanted - known)):
        return known
    rows = await session.execute(
        select(VideoAnalytics.user_id, func.count())
        .where(
            among(session, VideoAnalytics.user_id, {person for _, person in new}),
            VideoAnalytics.last_at > now - HOUR,
        )
        .group_by(VideoAnalytics.user_id)
    )
    opened = Counter({user_id: count for user_id, count in rows})  # noqa: C416 - typed
    for name, person in new:
        if opened[person] < MOST_SESSIONS:
            opened[person] += 1
            known.add((name, person))
    return known
