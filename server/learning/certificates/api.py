"""Certificates: the caller's, the public facts of one, what a course's say, and revocation."""

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.learning.certificates import giving, service
from server.learning.certificates.schemas import (
    CertificateView,
    Giving,
    GivingChange,
    Issued,
    Revocation,
)
from storage.database.engine import Database

TAGS = ["Certificates"]


@get("/api/me/certificates", tags=TAGS)
async def my_certificates(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> list[Issued]:
    """The caller's certificates, newest first."""
    async with database.read() as session:
        return await service.of_learner(session, viewer)


@get("/api/certificates/{code:str}", tags=TAGS, security=[{}])
async def verify(
    code: FromPath[str],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    client_address: NamedDependency[str],
) -> CertificateView:
    """The facts of a certificate, for everybody who has its code, without signing in; whether it was revoked.
    Wrong codes are limited."""
    return service.view(await service.verified(database, code, client_address, clock.now()))


@post("/api/certificates/{code:str}/revoke", status_code=200, tags=TAGS)
async def revoke(
    code: FromPath[str],
    data: JSONBody[Revocation],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> CertificateView:
    """Revoke a certificate for good. Idempotent; for administrators and those who teach the course."""
    return await service.revoke(database, viewer, code, data.reason, clock.now())


@get("/api/courses/{course_id:str}/certificate", tags=TAGS)
async def what_a_course_gives(
    course_id: FromPath[str], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Giving:
    """Whether a course gives certificates, and what they say."""
    return await giving.get(database, viewer, course_id)


@put("/api/courses/{course_id:str}/certificate", tags=TAGS)
async def change_what_a_course_gives(
    course_id: FromPath[str],
    data: JSONBody[GivingChange],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Giving:
    """Switch a course's certificates on or off, with their text and hours. Issued ones stay as they are."""
    return await giving.change(database, viewer, course_id, data, clock.now())


ROUTES: list[ControllerRouterHandler] = [
    my_certificates,
    verify,
    revoke,
    what_a_course_gives,
    change_what_a_course_gives,
]
