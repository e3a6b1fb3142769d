"""Enrolments of a course. Each use case checks the viewer's permissions.

Leaving and removal end an enrolment and keep its row; enrolling again goes on with it. Each beginning
and each end is a fact of its own, which tells who acted: whoever was removed does not enrol themselves again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.accounts.people import service as people
from server.core.events import Event, publish
from server.core.lists import ListOptions, ListPage, ListState
from server.library import access, rules
from server.library.schemas import Added, Member
from storage.database.engine import Database
from storage.database.insert import insert_new_rows
from storage.database.paging import by_code_point, count_rows
from storage.database.search import matches
from storage.database.tables import Enrolment, LearningEvent, User
from storage.states import FactKind

LEARNERS = ListOptions(sorts=("name", "email", "newest"))
BATCH_PEOPLE = 50  # enrolled in one transaction: other writers wait for a fraction of a second
_BY_NAME = (by_code_point(User.search_key), by_code_point(User.email))
_ORDERS: dict[str, tuple[Any, ...]] = {
    "name": _BY_NAME,
    "email": (by_code_point(User.email),),
    "newest": (Enrolment.created_at.desc(), *_BY_NAME),
}


async def of_course(database: Database, viewer: Viewer, course_id: str) -> list[Member]:
    """Enrolled learners by name, for instructors of the course."""
    async with database.read() as session:
        await access.course_for_teaching(session, viewer, course_id)
        return await _members(session, _enrolled(course_id).order_by(*_BY_NAME))


async def listed(session: AsyncSession, viewer: Viewer, course_id: str, state: ListState) -> ListPage[Member]:
    """Step: page of the enrolled learners, for instructors of the course."""
    everybody = _enrolled(course_id)
    query = everybody.where(matches(User.search_key, state.search))
    await access.course_for_teaching(session, viewer, course_id)
    counts = {"": await count_rows(session, everybody)}
    hits = await count_rows(session, query)
    state = LEARNERS.clamped(state, hits)
    page = query.order_by(*_ORDERS[state.sort]).offset(LEARNERS.offset(state)).limit(LEARNERS.page_size)
    return ListPage(LEARNERS, state, await _members(session, page), hits, counts)


async def add(
    database: Database, viewer: Viewer, course_id: str, emails: Sequence[str], now: datetime
) -> Added:
    """Enrols existing accounts and returns the other addresses as `unknown`. Idempotent.

    In several transactions: a long list that is interrupted is simply sent again.
    """
    wanted = rules.clean_addresses(emails)
    async with database.read() as session:
        await access.course_for_teaching(session, viewer, course_id)
        accounts = {email: user.id for email, user in (await people.by_emails(session, wanted)).items()}
    user_ids, begun = sorted(accounts.values()), set[str]()
    for start in range(0, len(user_ids), BATCH_PEOPLE):
        batch = user_ids[start : start + BATCH_PEOPLE]
        async with database.write() as session:
            await access.course_for_teaching(session, viewer, course_id)
            begun |= await enrol(session, course_id, batch, actor_id=viewer.id, now=now)
    known = [email for email in wanted if email in accounts]
    return Added(
        added=tuple(email for email in known if accounts[email] in begun),
        already=tuple(email for email in known if accounts[email] not in begun),
        unknown=tuple(email for email in wanted if email not in accounts),
    )


async def remove(
    database: Database, viewer: Viewer, course_id: str, user_id: str, now: datetime
) -> Member | None:
    """End an enrolment. None when the person is not enrolled."""
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        if not await end(session, course_id, user_id, actor_id=viewer.id, now=now):
            return None
        user = await session.get_one(User, user_id)
        return Member(user.id, user.email, user.name)


async def enrol(
    session: AsyncSession, course_id: str, user_ids: Sequence[str], *, actor_id: str, now: datetime
) -> set[str]:
    """Step: enrol these people; returns those that were not enrolled yet."""
    values = {"course_id": course_id, "created_at": now}
    # In one order: two lists at once lock their rows one after the other.
    rows = [{**values, "user_id": user_id} for user_id in sorted(user_ids)]
    begun = {user_id for _, user_id in await insert_new_rows(session, Enrolment, rows)}
    begun |= await _resume(session, course_id, [user_id for user_id in user_ids if user_id not in begun])
    earlier = await _times_enrolled(session, course_id, begun)
    for user_id in sorted(begun):
        event = _fact(FactKind.ENROLLED, course_id, user_id, earlier.get(user_id, 0) + 1, actor_id, now)
        await publish(session, event)
    return begun


async def end(session: AsyncSession, course_id: str, user_id: str, *, actor_id: str, now: datetime) -> bool:
    """Step: end an enrolment, by the learner or by somebody else. False when there is none."""
    ended = await session.scalar(
        update(Enrolment)
        .where(Enrolment.course_id == course_id, Enrolment.user_id == user_id, access.LIVE)
        .values(ended_at=now)
        .returning(Enrolment.user_id)
    )
    if ended is None:
        return False
    times = (await _times_enrolled(session, course_id, [user_id])).get(user_id, 0)
    await publish(session, _fact(FactKind.LEFT, course_id, user_id, times, actor_id, now))
    return True


async def was_removed(session: AsyncSession, course_id: str, user_id: str) -> bool:
    """Step: whether somebody else ended the enrolment, and it has not begun again.

    Locks its row: it cannot be ended between this and a new beginning.
    """
    ended = await session.scalar(
        select(Enrolment.ended_at)
        .where(Enrolment.course_id == course_id, Enrolment.user_id == user_id)
        .with_for_update()
    )
    if ended is None:
        return False
    ends = select(LearningEvent.actor_id).where(
        LearningEvent.kind == FactKind.LEFT,
        LearningEvent.course_id == course_id,
        LearningEvent.user_id == user_id,
    )
    last = (await session.execute(ends.order_by(LearningEvent.id.desc()).limit(1))).one_or_none()
    return last is not None and last.actor_id != user_id


async def _resume(session: AsyncSession, course_id: str, user_ids: Collection[str]) -> set[str]:
    """Those of the learners whose enrolment had ended. Their rows are locked in one order, too."""
    chosen = (Enrolment.course_id == course_id, Enrolment.user_id.in_(user_ids), ~access.LIVE)
    ended = await session.scalars(
        select(Enrolment.user_id).where(*chosen).order_by(Enrolment.user_id).with_for_update()
    )
    resumed = set(ended)
    await session.execute(
        update(Enrolment)
        .where(Enrolment.course_id == course_id, Enrolment.user_id.in_(resumed))
        .values(ended_at=None)
    )
    return resumed


def _fact(kind: FactKind, course_id: str, user_id: str, times: int, actor_id: str, now: datetime) -> Event:
    """`times` counts the learner's enrolments in this course, so that each is a fact of its own."""
    return Event(
        kind=kind,
        user_id=user_id,
        subject=f"{course_id}/{times}",
        at=now,
        actor_id=actor_id,
        course_id=course_id,
    )


async def _times_enrolled(session: AsyncSession, course_id: str, user_ids: Collection[str]) -> dict[str, int]:
    """Published enrolments by learner. Their rows are locked: the caller has just changed them."""
    rows = await session.execute(
        select(LearningEvent.user_id, func.count())
        .where(
            LearningEvent.kind == FactKind.ENROLLED,
            LearningEvent.course_id == course_id,
            LearningEvent.user_id.in_(user_ids),
        )
        .group_by(LearningEvent.user_id)
    )
    return dict(rows.all())


def _enrolled(course_id: str) -> Select[User, datetime]:
    return (
        select(User, Enrolment.created_at)
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(Enrolment.course_id == course_id, access.LIVE)
    )


async def _members(session: AsyncSession, query: Select[User, datetime]) -> list[Member]:
    rows = await session.execute(query)
    return [Member(user.id, user.email, user.name, since) for user, since in rows]
