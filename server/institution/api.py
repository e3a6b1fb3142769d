"""Style sheet and logo of the institution, which everybody may see, also on the sign-in page."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from server.core.errors import NotFound, Unavailable
from server.core.web.middleware.maintenance import EXEMPT
from server.institution import service
from server.institution.colours import rules as colours
from server.services import Services
from storage.messages import N_
from storage.objects import keys
from storage.objects.store import ObjectMissing, StoreError

FOREVER = "public, max-age=31536000, immutable"
# Nothing in a logo may act in this site's name, whatever a browser makes of it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
AnyRequest = Request[Any, Any, State]
NO_LOGO = N_("There is no such logo.")


@get("/institution.css", include_in_schema=False, opt={EXEMPT: True})
async def style_sheet(request: AnyRequest, services: NamedDependency[Services]) -> Response[Any]:
    """Accent of the institution. The version in the address is kept for good, others are asked for again."""
    place = await service.get(services.database)
    text = colours.style_sheet(place.accent, place.accent_dark) if place.accent else ""
    etag = f'"{place.version}"'
    current = request.query_params.get("v") == str(place.version)
    headers = {"etag": etag, "cache-control": FOREVER if current else "no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(None, status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="text/css")


@get("/institution/logo/{logo_id:str}", include_in_schema=False, opt={EXEMPT: True})
async def logo(logo_id: FromPath[str], services: NamedDependency[Services]) -> Response[Any]:
    """Bytes of the current logo. Another one has another address."""
    place = await service.get(services.database)
    if place.logo is None or place.logo != logo_id:
        raise NotFound(NO_LOGO)
    try:
        data = await services.store.get_bytes(keys.logo(place.logo))
    except ObjectMissing:
        raise NotFound(NO_LOGO) from None
    except StoreError as error:
        raise Unavailable(N_("The file cannot be read right now. Try again in a moment.")) from error
    headers = {
        "cache-control": FOREVER,
        "content-disposition": "inline",
        "content-security-policy": POLICY,
        "cross-origin-resource-policy": "same-origin",
        "etag": f'"{place.logo}"',
        "x-content-type-options": "nosniff",
    }
    return Response(data, headers=headers, media_type=place.logo_type or "application/octet-stream")


ROUTES: list[ControllerRouterHandler] = [style_sheet, logo]
