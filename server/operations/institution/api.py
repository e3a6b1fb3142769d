"""JSON API of the institution: everybody who is signed in reads it, administrators change it."""

import msgspec
from litestar import Request, delete, get, patch, put
from litestar.datastructures import State, UploadFile
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import UNSET

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.web.forms import submitted
from server.institution import service
from server.institution.cache import InstitutionCache
from server.institution.service import InstitutionView
from server.operations.institution import logo
from server.operations.institution.schemas import InstitutionDetails, InstitutionPatch
from server.services import Services

TAGS = ["Institution"]
HERE = "/api/institution"
AnyRequest = Request[object, object, State]


@get(HERE, tags=TAGS)
async def get_institution(
    viewer: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    services: NamedDependency[Services],
) -> InstitutionDetails:
    """Name, time zone, day start, language and looks of the institution."""
    return _details(await service.get(services.database))


@patch(HERE, tags=TAGS)
async def change_institution(
    data: JSONBody[InstitutionPatch],
    administrator: NamedDependency[Viewer],
    services: NamedDependency[Services],
    clock: NamedDependency[Clock],
    institution_cache: NamedDependency[InstitutionCache],
) -> InstitutionDetails:
    """Change the given fields. A colour that cannot be read is refused with the nearest that can."""
    given = msgspec.structs.asdict(data)
    version = given.pop("version")
    values = {name: str(value) for name, value in given.items() if value is not UNSET}
    saved = await service.save(services.database, values, version, clock.now(), by=administrator.id)
    await institution_cache.load()
    return _details(saved)


@put(HERE + "/logo", tags=TAGS)
async def put_logo(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    services: NamedDependency[Services],
    clock: NamedDependency[Clock],
    institution_cache: NamedDependency[InstitutionCache],
) -> InstitutionDetails:
    """Another logo: multipart/form-data with one part `file`; PNG, WebP or plain SVG of at most 512 kB."""
    saved = await logo.put(services, *await received(request), clock.now(), by=administrator.id)
    await institution_cache.load()
    return _details(saved)


@delete(HERE + "/logo", tags=TAGS)
async def delete_logo(
    administrator: NamedDependency[Viewer],
    services: NamedDependency[Services],
    clock: NamedDependency[Clock],
    institution_cache: NamedDependency[InstitutionCache],
) -> None:
    """Show the product's mark again."""
    await logo.remove(services, clock.now(), by=administrator.id)
    await institution_cache.load()


async def received(request: AnyRequest) -> tuple[str, bytes]:
    """Name and bytes of the file of a form; empty without one."""
    file = (await submitted(request)).get("file")
    return (file.filename, await file.read()) if isinstance(file, UploadFile) else ("", b"")


def _details(place: InstitutionView) -> InstitutionDetails:
    return InstitutionDetails(
        name=place.name,
        time_zone=place.time_zone,
        day_start_hour=place.day_start_hour,
        language=place.language,
        accent=place.accent,
        accent_dark=place.accent_dark,
        logo_url=place.logo_url or None,
        version=place.version,
    )


ROUTES: list[ControllerRouterHandler] = [get_institution, change_institution, put_logo, delete_logo]
