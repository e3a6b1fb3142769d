"""Texts of lessons: reading, saving, and that a learner has opened one."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.clock import set_back
from server.core.errors import NotFound
from server.core.events import Event, note_activity, publish
from server.core.text import versions
from server.learning.texts import rules
from server.learning.texts.markdown import Rendered, rendered
from server.learning.texts.schemas import NewText, TextView
from server.library.access import NO_LESSON, is_teaching, lesson_for_learning, lesson_for_teaching
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.locks import lock_row
from storage.database.tables import Lesson, LessonReading, LessonText
from storage.messages import N_
from storage.states import FactKind, LessonKind

NO_TEXT = N_("This lesson is not a text.")
SAME_VISIT = timedelta(minutes=1)  # opened again within it: nothing is written


async def render(markdown: str) -> Rendered:
    """In a thread: a long text takes longer than other requests should wait."""
    return await asyncio.to_thread(rendered, markdown)


async def text_of(session: AsyncSession, lesson_id: str) -> LessonText:
    """Step: the text as it is saved; an empty one, not in the session, if none is."""
    found = await session.get(LessonText, lesson_id)
    return found or LessonText(lesson_id=lesson_id, markdown="", version=1)


def require_text(lesson: Lesson) -> None:
    """Raises NotFound for a lesson of another kind."""
    if lesson.kind != LessonKind.TEXT:
        raise NotFound(NO_TEXT)


async def get(database: Database, viewer: Viewer, lesson_id: str, now: datetime) -> TextView:
    """Text as the viewer may read it; a learner has opened it by this."""
    async with database.read() as session:
        lesson = await lesson_for_learning(session, viewer, lesson_id)
        require_text(lesson)
        can_edit = await is_teaching(session, viewer, lesson.course_id)
        text = await text_of(session, lesson_id)
    if not can_edit:
        await opened(database, viewer, lesson_id, now)
    return await _view(lesson, text, can_edit=can_edit)


async def save(
    database: Database,
    viewer: Viewer,
    lesson_id: str,
    new: NewText,
    now: datetime,
    *,
    started: Mapping[str, str] = versions.NOT_STATED,
) -> TextView:
    """Raises EditConflict when another text was saved after `new.version`; see `core.text.versions.save`."""
    markdown = rules.clean_text(new.markdown)
    seconds = rules.reading_seconds((await render(markdown)).read)
    async with database.write() as session:
        require_text(await lesson_for_teaching(session, viewer, lesson_id))
        lesson = await lock_row(session, Lesson, lesson_id)  # also of a text that has no row yet
        if lesson is None:  # deleted since
            raise NotFound(NO_LESSON)
        text = await session.get(LessonText, lesson_id, populate_existing=True)
        if text is None:
            text = LessonText(lesson_id=lesson_id, markdown="", version=1, updated_at=now)
            session.add(text)
        versions.save(text, {"markdown": markdown}, new.version, started)
        if text.markdown == markdown:  # else the saved one was kept, which nobody changed here
            lesson.reading_seconds = seconds
        text.updated_at = now
    return await _view(lesson, text, can_edit=True)


async def opened(database: Database, viewer: Viewer, lesson_id: str, now: datetime) -> None:
    """Use case: a learner has opened a text lesson: they have started it, and are active on this day."""
    async with database.read() as session:
        known = await session.get(LessonReading, (viewer.id, lesson_id))
    if known is not None and known.last_at > now - SAME_VISIT and not set_back(known.last_at, now):
        return
    async with database.write() as session:
        lesson = await lesson_for_learning(session, viewer, lesson_id)
        if await is_teaching(session, viewer, lesson.course_id) or lesson.reading_seconds is None:
            return
        row = {"user_id": viewer.id, "lesson_id": lesson_id}
        if not await insert_new(session, LessonReading, **row, first_at=now, last_at=now):
            await session.execute(update(LessonReading).filter_by(**row).values(last_at=now))
        fact = Event(
            kind=FactKind.LESSON_STARTED,
            user_id=viewer.id,
            subject=lesson_id,
            at=now,
            course_id=lesson.course_id,
            lesson_id=lesson_id,
        )
        await publish(session, fact)
        await note_activity(session, [viewer.id], now)


async def _view(lesson: Lesson, text: LessonText, *, can_edit: bool) -> TextView:
    return TextView(
        lesson_id=lesson.id,
        markdown=text.markdown if can_edit else None,
        html=(await render(text.markdown)).html,
        reading_seconds=lesson.reading_seconds,
        version=text.version,
        updated_at=text.updated_at,
    )
