"""Group commit of heartbeats: one transaction for all that arrived meanwhile."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.events import Event, about_lesson, note_activity, publish_all
from server.watching import rules, spans
from server.watching.heartbeats import admission
from server.watching.heartbeats.rows import CoverageRow, OpenLesson, RowsTaken, rows_of
from server.watching.heartbeats.sessions import apply
from server.watching.schemas import Received, Recorded, Refused
from storage.database.engine import Database
from storage.database.tables import Course, Lesson
from storage.messages import N_
from storage.states import FactKind

QUARTER_SECONDS = 900

Outcome = Recorded | Refused

NOT_OPEN = N_("This lesson is not open to you any more, or too many players were opened in the last hour.")
FOREIGN = N_("This session belongs to another person or lesson.")


class Watched(msgspec.Struct, frozen=True):
    """What a learner has covered of a lesson, for the handlers of later features."""

    user_id: str
    lesson: Lesson
    threshold: int  # percent of the lesson that complete it
    coverage: CoverageRow
    at: datetime


Handler = Callable[[AsyncSession, Watched], Awaitable[bool]]
HANDLERS_KEY = "watch_handlers"  # in the session's info


def bind(database: Database, handlers: Sequence[Handler]) -> None:
    """Give every later session of this database its handlers. A handler tells whether the lesson was
    completed by what it was called for."""
    database.session_info[HANDLERS_KEY] = handlers


class Noted:
    """People whose day of learning is noted already, for a quarter of an hour: in every zone a day begins
    with one."""

    def __init__(self) -> None:
        self._quarter = 0
        self._people: set[str] = set()

    def missing(self, people: set[str], now: datetime) -> set[str]:
        quarter = int(now.timestamp()) // QUARTER_SECONDS
        if quarter != self._quarter:
            self._quarter, self._people = quarter, set()
        return people - self._people

    def add(self, people: set[str]) -> None:
        """Called after the commit."""
        self._people |= people


async def record(
    database: Database, batch: Sequence[Received], now: datetime, noted: Noted | None = None
) -> list[Outcome]:
    """Use case: record heartbeats in their order, in one transaction. Idempotent by session and number."""
    noted = noted or Noted()
    for last in (False, False, True):
        try:
            async with database.write() as session:
                outcomes, active = await _record(session, batch, now, noted)
        except RowsTaken:
            if last:
                raise
        else:
            break
    noted.add(active)
    return outcomes


async def _record(
    session: AsyncSession, batch: Sequence[Received], now: datetime, noted: Noted
) -> tuple[list[Outcome], set[str]]:
    """Outcomes, and people whose day of learning was noted."""
    lessons = await _lessons(session, {one.token.lesson_id for one in batch})
    admitted = await admission.admitted(
        session, batch, {name: open_one.lesson for name, open_one in lessons.items()}, now
    )
    known = [one for one in batch if (one.heartbeat.session, one.token.user_id) in admitted]
    rows = await rows_of(session, known, lessons)
    outcomes: list[Outcome] = []
    watched: dict[int, Watched] = {}  # by place in the batch
    begun: list[Event] = []
    active: set[str] = set()
    for place, one in enumerate(batch):
        open_one, user_id = lessons.get(one.token.lesson_id), one.token.user_id
        player = rows.players.get((one.heartbeat.session,))
        if open_one is None or player is None or (one.heartbeat.session, user_id) not in admitted:
            outcomes.append(Refused(NOT_OPEN))
        elif (player.user_id, player.lesson_id) != (user_id, open_one.lesson.id):
            outcomes.append(Refused(FOREIGN))
        else:
            coverage = rows.coverages[user_id, open_one.lesson.id]
            duration = spans.tenths(open_one.lesson.video_duration_seconds or 0.0)
            recorded, new_view = apply(one, duration, rows.allowances[user_id,], coverage, player, now)
            outcomes.append(recorded)
            if not coverage.staff:
                watched[place] = Watched(user_id, open_one.lesson, open_one.threshold, coverage, now)
                if player.watch_seconds >= rules.VIEW_SECONDS:
                    active.add(user_id)
                if new_view:
                    begun.append(about_lesson(FactKind.LESSON_STARTED, user_id, open_one.lesson, now))
    await rows.save(session)  # handlers find them written
    await publish_all(session, begun)
    active = noted.missing(active, now)
    await note_activity(session, active, now)
    for place, one_watched in watched.items():
        outcomes[place] = await _tell(session, one_watched, outcomes[place])
    return outcomes, active


async def _lessons(session: AsyncSession, lesson_ids: Iterable[str]) -> dict[str, OpenLesson]:
    found = await session.execute(
        select(Lesson, Course.completion_threshold)
        .join(Course, Course.id == Lesson.course_id)
        .where(Lesson.id.in_(sorted(lesson_ids)))
    )
    return {lesson.id: OpenLesson(lesson, threshold) for lesson, threshold in found}


async def _tell(session: AsyncSession, watched: Watched, outcome: Outcome) -> Outcome:
    """Tell later features what was watched; nothing of staff reaches them."""
    handlers: Sequence[Handler] = session.info.get(HANDLERS_KEY, ())
    if isinstance(outcome, Recorded) and any([await handler(session, watched) for handler in handlers]):
        return msgspec.structs.replace(outcome, completed=True)
    return outcome
