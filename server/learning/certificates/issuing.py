"""Issue of certificates: a frozen snapshot when a course is completed, one for a learner and a course."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.events import Event, publish
from server.core.security import new_code
from server.institution import service as institution
from server.learning.certificates import rules
from storage.database.base import new_id
from storage.database.insert import insert_new
from storage.database.tables import Certificate, CertificateSettings, Course, LearningEvent, User
from storage.states import FactKind


async def on_course_completed(session: AsyncSession, fact: LearningEvent) -> None:
    """Handler: issue the certificate, if the course gives one now."""
    given = await session.get(CertificateSettings, fact.subject)
    if given is not None and given.given:
        await issue(session, fact, given, fact.at)


async def issue(
    session: AsyncSession, completion: LearningEvent, given: CertificateSettings, now: datetime
) -> bool:
    """Step: issue the certificate of a completed course. False when there is one, or no course any more.

    `completion`: the fact course_completed, whose day, version and lessons are frozen with the names of now.
    """
    course = await session.get(Course, completion.subject)
    person = await session.get(User, completion.user_id)
    if course is None or person is None:
        return False
    known = completion.data or {}
    certificate_id = new_id()
    added = await insert_new(
        session,
        Certificate,
        key=("user_id", "course_id"),
        id=certificate_id,
        code=await _unused_code(session),
        user_id=person.id,
        course_id=course.id,
        name=person.name,
        institution=(await institution.shown(session)).name,
        course_title=course.title,
        course_version=known.get("version", course.version),
        text=given.text,
        hours=given.hours,
        day=completion.local_day,
        lessons=known.get("lessons", 0),
        issued_at=now,
    )
    if added:
        await publish(session, fact(FactKind.CERTIFICATE_ISSUED, certificate_id, person.id, course.id, now))
    return added


def fact(
    kind: FactKind,
    certificate_id: str,
    user_id: str,
    course_id: str,
    now: datetime,
    actor_id: str | None = None,
) -> Event:
    """`actor_id`: who acted, where that is not the learner."""
    return Event(
        kind=kind, user_id=user_id, subject=certificate_id, at=now, actor_id=actor_id, course_id=course_id
    )


async def _unused_code(session: AsyncSession) -> str:
    while True:
        code = new_code(rules.CODE_LENGTH)
        if not await session.scalar(select(Certificate.id).where(Certificate.code == code)):
            return code
