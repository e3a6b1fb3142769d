"""Issued certificates: those of a learner and of a course, the public facts of one, and revocation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.accounts.signing_in import guesses
from server.core.audit.recording import Subject, record
from server.core.errors import Forbidden, NotFound
from server.core.events import publish
from server.core.lists import ListOptions, ListPage, ListState
from server.learning.certificates import issuing, rules
from server.learning.certificates.schemas import CertificateView, Issued
from server.library import access
from storage.database.engine import Database
from storage.database.locks import lock_row
from storage.database.paging import by_code_point, count_rows
from storage.database.search import matches
from storage.database.tables import Certificate
from storage.messages import N_
from storage.states import FactKind
from storage.states.privacy import AuditAction, AuditSubject

GUESS = "certificate"  # kind of the code, for the limit of guesses
NO_CERTIFICATE = N_("There is no certificate with this code. Compare it with the printed one.")
NOT_YOURS = N_("Only administrators and those who teach the course may revoke a certificate.")
ISSUED = ListOptions(sorts=("newest", "name"))
_ORDERS: dict[str, tuple[Any, ...]] = {
    "newest": (Certificate.id.desc(),),
    "name": (by_code_point(Certificate.search_key), Certificate.id),
}


async def verified(database: Database, typed: str, address: str, now: datetime) -> Certificate:
    """Use case: certificate with this code, for anybody. Only wrong codes count for the limit of guesses.

    Raises NotFound and TooManyAttempts.
    """
    code = rules.clean_code(typed)
    async with database.read() as session:
        await guesses.require_few(session, what=GUESS, address=address, now=now)
        found = await _by_code(session, code)
    if found is None:
        await guesses.count(database, what=GUESS, person="", address=address, now=now)
        raise NotFound(NO_CERTIFICATE)
    return found


async def of_learner(session: AsyncSession, viewer: Viewer) -> list[Issued]:
    """Step: the viewer's own certificates, newest first."""
    own = select(Certificate).where(Certificate.user_id == viewer.id).order_by(Certificate.id.desc())
    return _issued((await session.scalars(own)).all())


async def of_learner_in(session: AsyncSession, viewer: Viewer, course_id: str) -> Issued | None:
    """Step: the viewer's certificate of one course."""
    own = (Certificate.user_id == viewer.id) & (Certificate.course_id == course_id)
    return next(iter(_issued((await session.scalars(select(Certificate).where(own))).all())), None)


async def of_course(
    session: AsyncSession, viewer: Viewer, course_id: str, state: ListState
) -> ListPage[Issued]:
    """Step: page of a course's certificates, for those who teach it."""
    await access.course_for_teaching(session, viewer, course_id)
    everything = select(Certificate).where(Certificate.course_id == course_id)
    query = everything.where(matches(Certificate.search_key, state.search))
    counts = {"": await count_rows(session, everything)}
    hits = await count_rows(session, query)
    state = ISSUED.clamped(state, hits)
    page = query.order_by(*_ORDERS[state.sort]).offset(ISSUED.offset(state)).limit(ISSUED.page_size)
    return ListPage(ISSUED, state, _issued((await session.scalars(page)).all()), hits, counts)


async def may_revoke(session: AsyncSession, viewer: Viewer | None, certificate: Certificate) -> bool:
    """Step: administrators, also when the course is deleted, and those who teach it."""
    return viewer is not None and await access.is_teaching(session, viewer, certificate.course_id)


async def revocable(session: AsyncSession, viewer: Viewer, typed: str) -> Certificate:
    """Step: certificate that the viewer may revoke. Raises NotFound and Forbidden."""
    found = await _by_code(session, rules.clean_code(typed))
    if found is None:
        raise NotFound(NO_CERTIFICATE)
    if not await may_revoke(session, viewer, found):
        raise Forbidden(NOT_YOURS)
    return found


async def revoke(
    database: Database, viewer: Viewer, typed: str, reason: str, now: datetime
) -> CertificateView:
    """Use case: revoke a certificate for good. Idempotent: the first reason stays. Raises Invalid."""
    async with database.write() as session:
        found = await revocable(session, viewer, typed)
        why = rules.clean_reason(reason)
        row = await lock_row(session, Certificate, found.id)
        if row is None:  # the account was deleted since
            raise NotFound(NO_CERTIFICATE)
        if row.revoked_at is None:
            row.revoked_at, row.revoked_by, row.revocation_reason = now, viewer.id, why
            kind = FactKind.CERTIFICATE_REVOKED
            await publish(session, issuing.fact(kind, row.id, row.user_id, row.course_id, now, viewer.id))
            about = Subject(AuditSubject.CERTIFICATE, row.id, row.course_title)
            await record(session, viewer.id, AuditAction.CERTIFICATE_REVOKED, now, about=about)
        return view(row)


def view(row: Certificate) -> CertificateView:
    return CertificateView(
        code=rules.shown_code(row.code),
        path=rules.path(row.code),
        name=row.name,
        institution=row.institution,
        course=row.course_title,
        version=row.course_version,
        text=row.text,
        hours=row.hours,
        day=row.day,
        lessons=row.lessons,
        revoked_at=row.revoked_at,
    )


async def _by_code(session: AsyncSession, code: str | None) -> Certificate | None:
    return await session.scalar(select(Certificate).where(Certificate.code == code)) if code else None


def _issued(rows: Sequence[Certificate]) -> list[Issued]:
    return [
        Issued(certificate=view(row), course_id=row.course_id, revocation_reason=row.revocation_reason)
        for row in rows
    ]
