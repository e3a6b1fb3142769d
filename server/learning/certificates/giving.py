"""Which courses give certificates, and the certificates of those who had completed one before."""

import asyncio
from datetime import datetime

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import Conflict, NotFound
from server.learning.certificates import issuing, rules
from server.learning.certificates.schemas import Giving, GivingChange
from server.library import access
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.locks import lock_row
from storage.database.paging import count_rows
from storage.database.tables import Certificate, CertificateSettings, LearningEvent
from storage.messages import N_
from storage.states import FactKind

BATCH = 50  # certificates of one transaction: other writers wait for a fraction of a second
PAUSE_SECONDS = 0.12  # between two of them: a process that waits for SQLite's lock looks every 0.1 s
NONE_GIVEN = N_("This course gives no certificates. Switch them on first.")


async def shown(session: AsyncSession, viewer: Viewer, course_id: str) -> Giving:
    """Step: for those who teach the course. Raises NotFound and Forbidden."""
    await access.course_for_teaching(session, viewer, course_id)
    row = await session.get(CertificateSettings, course_id)
    if row is None:
        return Giving()
    outstanding = await count_rows(session, _outstanding(course_id)) if row.given else 0
    return Giving(given=row.given, text=row.text, hours=row.hours, outstanding=outstanding)


async def get(database: Database, viewer: Viewer, course_id: str) -> Giving:
    async with database.read() as session:
        return await shown(session, viewer, course_id)


async def change(
    database: Database, viewer: Viewer, course_id: str, new: GivingChange, now: datetime
) -> Giving:
    """Use case: certificates issued from now on say this; those that are issued stay. Raises Invalid."""
    text, hours = rules.clean_text(new.text), rules.clean_hours(new.hours)
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        await insert_new(session, CertificateSettings, course_id=course_id, changed_at=now)
        row = await lock_row(session, CertificateSettings, course_id)
        if row is None:  # the course was deleted since
            raise NotFound(access.NO_COURSE)
        row.given, row.text, row.hours, row.changed_at = new.given, text, hours, now
        await session.flush()
        return await shown(session, viewer, course_id)


async def issue_outstanding(database: Database, viewer: Viewer, course_id: str, now: datetime) -> int:
    """Use case: certificates for those who had completed the course before it gave any; how many were issued.

    Idempotent, in several transactions: one that is interrupted is simply called again. Raises Conflict.
    """
    issued, last = 0, ""
    while True:
        async with database.write() as session:
            await access.course_for_teaching(session, viewer, course_id)
            given = await session.get(CertificateSettings, course_id)
            if given is None or not given.given:
                raise Conflict(NONE_GIVEN)
            batch = _outstanding(course_id).where(LearningEvent.id > last)
            found = list(await session.scalars(batch.order_by(LearningEvent.id).limit(BATCH)))
            for completion in found:
                issued += await issuing.issue(session, completion, given, now)
        if len(found) < BATCH:
            return issued
        last = found[-1].id
        await asyncio.sleep(PAUSE_SECONDS)


def _outstanding(course_id: str) -> Select[LearningEvent]:
    """Completions of the course without a certificate."""
    has_one = exists().where(
        Certificate.user_id == LearningEvent.user_id, Certificate.course_id == LearningEvent.course_id
    )
    return select(LearningEvent).where(
        LearningEvent.kind == FactKind.COURSE_COMPLETED, LearningEvent.course_id == course_id, ~has_one
    )
