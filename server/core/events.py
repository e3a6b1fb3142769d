"""Facts about learners: published once, then handled in the same transaction.

A feature publishes what has happened; later features bind handlers to it in `server.wiring.EVENTS`,
so that earlier code imports no later code. Tables that handlers write can be deleted and rebuilt
with `replay`.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.clock import local_day
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.insert import insert_new_rows
from storage.database.tables import ActivityDay, Institution, LearningEvent, Lesson
from storage.states import FactKind

Handler = Callable[[AsyncSession, LearningEvent], Awaitable[None]]
Handlers = Mapping[FactKind, Sequence[Handler]]

PersonHandler = Callable[[AsyncSession, str], Awaitable[None]]
DayHandler = Callable[[AsyncSession, Collection[str]], Awaitable[None]]

INFO_KEY = "event_handlers"  # in the session's info
PEOPLE_KEY = "person_handlers"
DAYS_KEY = "day_handlers"
FOLLOWERS_KEY = "followers"
PLACE_KEY = "institution"
REPLAY_ROWS = 500  # facts read at a time


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact to publish. The same kind, learner and subject are the same fact."""

    kind: FactKind
    user_id: str  # the learner
    subject: str
    at: datetime
    actor_id: str | None = None  # who acted, where that is somebody else
    course_id: str | None = None
    lesson_id: str | None = None
    data: dict[str, Any] | None = None


# Pure rule: the fact that another one brings with it, such as a course that is begun by its first lesson. The
# facts that follow many are stored at once.
Follower = Callable[[LearningEvent], Event | None]
Followers = Mapping[FactKind, Follower]


def about_lesson(
    kind: FactKind, user_id: str, lesson: Lesson, at: datetime, data: dict[str, Any] | None = None
) -> Event:
    """Event whose subject is a lesson: once for each learner."""
    return Event(
        kind=kind,
        user_id=user_id,
        subject=lesson.id,
        at=at,
        course_id=lesson.course_id,
        lesson_id=lesson.id,
        data=data,
    )


def bind(
    database: Database,
    handlers: Handlers,
    people: Sequence[PersonHandler] = (),
    days: Sequence[DayHandler] = (),
    followers: Followers | None = None,
) -> None:
    """Give every later session of this database its handlers: once, where the database is opened.

    `people`: called when the role of a person has changed, or whether they may sign in. `days`: called with
    the local days of new facts, once for all that are published together. `followers`: the
    facts that others bring with them.
    """
    database.session_info[INFO_KEY] = handlers
    database.session_info[PEOPLE_KEY] = people
    database.session_info[DAYS_KEY] = days
    database.session_info[FOLLOWERS_KEY] = followers or {}


async def person_changed(session: AsyncSession, user_id: str) -> None:
    """Step: tell later features that the person's role has changed, or whether they may sign in."""
    await session.flush()
    for handler in session.info.get(PEOPLE_KEY, ()):
        await handler(session, user_id)


async def days_changed(session: AsyncSession, days: Collection[str]) -> None:
    """Step: tell later features that something was added to these local days."""
    for handler in session.info.get(DAYS_KEY, ()) if days else ():
        await handler(session, days)


async def publish(session: AsyncSession, event: Event) -> bool:
    """Step: store the fact and run its handlers, which may publish further facts.

    False, and no handler runs, when it was published before. Of two transactions that publish the
    same fact at once, the second waits for the first. Raises LookupError when no handlers are bound.
    """
    return bool(await publish_all(session, [event]))


async def publish_all(session: AsyncSession, events: Sequence[Event]) -> int:
    """Step: `publish` of several facts, stored at once; how many were new."""
    handlers: Handlers = session.info[INFO_KEY]
    place = await _place(session)
    once = {(event.kind, event.user_id, event.subject): event for event in reversed(events)}
    rows = {
        new_id(): msgspec.structs.asdict(event)
        | {
            "actor_id": event.actor_id or event.user_id,
            "local_day": local_day(event.at, place.time_zone, place.day_start_hour).isoformat(),
        }
        for event in reversed(once.values())
    }
    new = await insert_new_rows(
        session,
        LearningEvent,
        [{"id": fact_id, **row} for fact_id, row in rows.items()],
        key=("kind", "user_id", "subject"),
    )
    added = {tuple(map(str, found)) for found in new}
    facts = {i: row for i, row in rows.items() if (row["kind"], row["user_id"], row["subject"]) in added}
    await days_changed(session, {str(row["local_day"]) for row in facts.values()})
    followers: Followers = session.info.get(FOLLOWERS_KEY, {})
    wanted = handlers.keys() | followers.keys()
    known = [LearningEvent(id=fact_id, **row) for fact_id, row in facts.items() if row["kind"] in wanted]
    brought = [followers[fact.kind](fact) for fact in known if fact.kind in followers]
    if more := [event for event in brought if event is not None]:
        await publish_all(session, more)
    for fact in known:
        for handler in handlers.get(fact.kind, ()):
            await handler(session, fact)
    return len(new)


class Place(NamedTuple):
    """Where the institution is, for its local days."""

    time_zone: str = "UTC"
    day_start_hour: int = 0


PLACE = select(Institution.time_zone, Institution.day_start_hour).where(Institution.id == 1)


async def _place(session: AsyncSession) -> Place:
    """The institution's zone and day start, read once in a transaction."""
    known: Place | None = session.info.get(PLACE_KEY)
    if known is None:
        found = (await session.execute(PLACE)).one_or_none()
        known = session.info[PLACE_KEY] = Place(*found) if found else Place()
    return known


async def note_activity(session: AsyncSession, user_ids: Iterable[str], at: datetime) -> None:
    """Step: mark the local day of people who learned, for streaks and active people (spec section 9)."""
    place = await _place(session)
    day = local_day(at, place.time_zone, place.day_start_hour).isoformat()
    new = {"day": day, "first_at": at, "settled": False}
    rows = [{"user_id": user_id, **new} for user_id in sorted(set(user_ids))]
    if await insert_new_rows(session, ActivityDay, rows):
        await days_changed(session, {day})


async def replay(session: AsyncSession, handlers: Handlers) -> int:
    """Step: feed every stored fact to `handlers` in the order of publication; how many there were.

    What they publish is stored already, so nothing is published twice.
    """
    count, last = 0, ""
    while rows := list(
        await session.scalars(
            select(LearningEvent).where(LearningEvent.id > last).order_by(LearningEvent.id).limit(REPLAY_ROWS)
        )
    ):
        for fact in rows:
            for handler in handlers.get(fact.kind, ()):
                await handler(session, fact)
        count, last = count + len(rows), rows[-1].id
    return count
