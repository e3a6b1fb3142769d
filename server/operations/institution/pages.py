"""Administrator's page of the institution: name, time zone, day start, language, accent, logo."""

from typing import Any

from babel import Locale
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Problem
from server.core.text.i18n import gettext as _
from server.core.text.i18n import languages
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.institution import rules, service
from server.institution.cache import InstitutionCache
from server.institution.colours import rules as colours
from server.institution.service import InstitutionView
from server.operations.institution import logo
from server.operations.institution.api import received
from server.operations.institution.rules import MOST_BYTES
from server.services import Services

HERE = "/admin/institution"
FIELDS = ("name", "time_zone", "day_start_hour", "language", "accent", "accent_dark")


@get(HERE)
async def institution_page(
    request: AnyRequest, administrator: NamedDependency[Viewer], services: NamedDependency[Services]
) -> Template:
    return await _page(request, administrator, services)


@post(HERE)
async def change(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    services: NamedDependency[Services],
    clock: NamedDependency[Clock],
    institution_cache: NamedDependency[InstitutionCache],
) -> Response[Any]:
    form = await Form.read(request)
    if form.restored:
        return await _page(request, administrator, services, form)
    values = {name: form[name] for name in FIELDS if name in form.values}
    try:
        await service.save(
            services.database, values, form.version, clock.now(), form.started, by=administrator.id
        )
    except Problem as problem:
        return await _page(request, administrator, services, form.refused(problem))
    await institution_cache.load()
    return redirect(HERE, _("Saved. Every page shows it within a few seconds."), saved=form[KEY])


@post(HERE + "/logo")
async def change_logo(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    services: NamedDependency[Services],
    clock: NamedDependency[Clock],
    institution_cache: NamedDependency[InstitutionCache],
) -> Response[Any]:
    """The file of the form, or with `remove=yes` no logo."""
    form = await Form.read(request)
    try:
        if form["remove"] == "yes":
            await logo.remove(services, clock.now(), by=administrator.id)
        else:
            await logo.put(services, *await received(request), clock.now(), by=administrator.id)
    except Problem as problem:
        return await _page(request, administrator, services, picture=form.refused(problem))
    await institution_cache.load()
    return redirect(HERE, _("Saved. Every page shows it within a few seconds."))


async def _page(
    request: AnyRequest,
    viewer: Viewer,
    services: Services,
    form: Form | None = None,
    *,
    picture: Form | None = None,
) -> Template:
    """`picture` is the form of the logo."""
    form, picture = form or Form(), picture or Form()
    place = await service.get(services.database)
    return page(
        request,
        "operations/institution.html",
        viewer=viewer,
        status_code=max(form.status, picture.status),
        form=form,
        picture=picture,
        place=place,
        accents=_accents(place),
        zones=[(zone, zone.replace("_", " ")) for zone in _zones(place.time_zone)],
        hours=[(str(hour), f"{hour}:00") for hour in range(24)],
        languages=[(name, Locale.parse(name).get_display_name(name)) for name in languages()],
        most_bytes=MOST_BYTES,
        zone=place.time_zone,
    )


def _accents(place: InstitutionView) -> tuple[str, ...]:
    """Accents of both schemes, as pages show them; empty for the product's own."""
    if not place.accent:
        return ()
    return place.accent, place.accent_dark or colours.nearest(place.accent, colours.DARK)


def _zones(chosen: str) -> list[str]:
    """The zones to choose from, with the chosen one in any case."""
    return sorted({*rules.time_zones(), chosen})


ROUTES: list[ControllerRouterHandler] = [institution_page, change, change_logo]
