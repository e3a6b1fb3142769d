"""Ways into a course, chosen by its instructors: open, by a code, or by the instructors alone."""

from datetime import datetime

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import NotFound
from server.core.security import new_code
from server.learning.enrolling import rules
from server.library import access
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.locks import lock_row
from storage.database.tables import EnrolmentWay
from storage.states import EnrolmentMode


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How learners get into a course, for those who teach it."""

    mode: str  # instructor, open or code
    code: str | None = None  # with mode "code"
    path: str | None = None  # of this site: enrols whoever opens it and has signed in


async def shown(session: AsyncSession, viewer: Viewer, course_id: str) -> Way:
    """Step. Raises NotFound and Forbidden."""
    await access.course_for_teaching(session, viewer, course_id)
    return _view(await session.get(EnrolmentWay, course_id))


async def get(database: Database, viewer: Viewer, course_id: str) -> Way:
    async with database.read() as session:
        return await shown(session, viewer, course_id)


async def choose(database: Database, viewer: Viewer, course_id: str, mode: str, now: datetime) -> Way:
    """Use case: set the way. With `code` it has a code, and keeps one it has. Idempotent. Raises Invalid."""
    wanted = rules.clean_mode(mode)
    async with database.write() as session:
        row = await _locked(session, viewer, course_id, now)
        code = row.code or await unused_code(session) if wanted is EnrolmentMode.CODE else None
        if (row.mode, row.code) != (wanted, code):
            row.mode, row.code, row.changed_at = wanted, code, now
        return _view(row)


async def replace_code(database: Database, viewer: Viewer, course_id: str, now: datetime) -> Way:
    """Use case: make a code. One that the course had leads nowhere from now on."""
    async with database.write() as session:
        row = await _locked(session, viewer, course_id, now)
        row.mode, row.code, row.changed_at = EnrolmentMode.CODE, await unused_code(session), now
        return _view(row)


async def switch_code_off(database: Database, viewer: Viewer, course_id: str, now: datetime) -> Way:
    """Use case: no code, whatever the way is otherwise. Idempotent."""
    async with database.write() as session:
        row = await _locked(session, viewer, course_id, now)
        if row.mode == EnrolmentMode.CODE:
            row.mode, row.code, row.changed_at = EnrolmentMode.INSTRUCTOR, None, now
        return _view(row)


async def _locked(session: AsyncSession, viewer: Viewer, course_id: str, now: datetime) -> EnrolmentWay:
    await access.course_for_teaching(session, viewer, course_id)
    await insert_new(
        session, EnrolmentWay, course_id=course_id, mode=EnrolmentMode.INSTRUCTOR, changed_at=now
    )
    row = await lock_row(session, EnrolmentWay, course_id)
    if row is None:  # the course was deleted since
        raise NotFound(access.NO_COURSE)
    return row


async def unused_code(session: AsyncSession) -> str:
    """Step: code that no course has."""
    while True:
        code = new_code(rules.CODE_LENGTH)
        if not await session.scalar(select(exists().where(EnrolmentWay.code == code))):
            return code


def _view(row: EnrolmentWay | None) -> Way:
    if row is None:
        return Way(mode=EnrolmentMode.INSTRUCTOR)
    code = rules.shown_code(row.code) if row.code else None
    return Way(mode=row.mode, code=code, path=f"/join/{code}" if code else None)
