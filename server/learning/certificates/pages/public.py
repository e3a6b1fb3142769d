"""Pages of a certificate: the one that anybody verifies and its learner prints, and the learner's list."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.web.pages import page
from server.institution import service as institution
from server.learning.certificates import service
from server.learning.certificates.qr import qr_code
from server.library.pages.shared import AnyRequest
from server.settings import Settings
from storage.database.engine import Database

NO_INDEX = "noindex, nofollow, noarchive"


@get("/certificates/{code:str}")
async def certificate(
    request: AnyRequest,
    code: FromPath[str],
    maybe_viewer: NamedDependency[Viewer | None],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    client_address: NamedDependency[str],
) -> Template:
    """The same facts for everybody. The reason of a revocation is shown to the learner and to staff."""
    found = await service.verified(database, code, client_address, clock.now())
    async with database.read() as session:
        staff = await service.may_revoke(session, maybe_viewer, found)
        place = await institution.shown(session)
    own = maybe_viewer is not None and maybe_viewer.id == found.user_id
    shown = service.view(found)
    answer = page(
        request,
        "learning/certificate.html",
        viewer=maybe_viewer,
        certificate=shown,
        address=settings.public_url + shown.path,
        qr=qr_code(settings.public_url + shown.path),
        own=own,
        staff=staff,
        reason=found.revocation_reason if own or staff else "",
        zone=place.time_zone,
    )
    answer.headers["X-Robots-Tag"] = NO_INDEX
    return answer


@get("/dashboard/certificates")
async def my_certificates(
    request: AnyRequest, viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Template:
    async with database.read() as session:
        found = await service.of_learner(session, viewer)
    return page(request, "learning/certificates.html", viewer=viewer, found=found)


ROUTES: list[ControllerRouterHandler] = [certificate, my_certificates]
