"""Instructor's pages of certificates: whether a course gives them, who has one, and revocation."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Invalid
from server.core.text.formats import number
from server.core.text.i18n import gettext as _
from server.core.text.i18n import ngettext
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.institution import service as institution
from server.learning.certificates import giving, rules, service
from server.learning.certificates.schemas import GivingChange
from server.library.pages.shared import AnyRequest, taught, taught_course
from storage.database.engine import Database

HERE = "/teach/courses/{course_id:str}/certificates"
REVOKE = "/certificates/{code:str}/revoke"


@get(HERE)
async def certificates(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    return await _shown(request, course_id, viewer, database, Form())


@post(HERE)
async def change(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    if form.restored:
        return await _shown(request, course_id, viewer, database, form)
    await taught_course(database, viewer, course_id)
    try:
        new = GivingChange(
            given=form.checked("given"), text=form["text"], hours=rules.typed_hours(form["hours"])
        )
        await giving.change(database, viewer, course_id, new, clock.now())
    except Invalid as problem:
        return await _shown(request, course_id, viewer, database, form.refused(problem))
    return redirect(f"/teach/courses/{course_id}/certificates", _("Saved."), saved=form[KEY])


@post(HERE + "/issue")
async def issue(
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Redirect:
    """For those who had completed the course before it gave certificates."""
    count = await giving.issue_outstanding(database, viewer, course_id, clock.now())
    told = ngettext("%(number)s certificate issued.", "%(number)s certificates issued.", count)
    return redirect(f"/teach/courses/{course_id}/certificates", told % {"number": number(count)})


@get(REVOKE)
async def ask_to_revoke(
    request: AnyRequest,
    code: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    return await _revoke(request, code, viewer, database, Form())


@post(REVOKE)
async def revoke(
    request: AnyRequest,
    code: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    if form.restored:
        return await _revoke(request, code, viewer, database, form)
    try:
        revoked = await service.revoke(database, viewer, code, form["reason"], clock.now())
    except Invalid as problem:
        return await _revoke(request, code, viewer, database, form.refused(problem))
    return redirect(revoked.path, _("The certificate is revoked. Its public page says so."), saved=form[KEY])


async def _shown(
    request: AnyRequest, course_id: str, viewer: Viewer, database: Database, form: Form
) -> Template:
    async with database.read() as session:
        course = await taught(session, viewer, course_id)
        given = await giving.shown(session, viewer, course_id)
        state = service.ISSUED.read(request.query_params)
        found = await service.of_course(session, viewer, course_id, state)
        place = await institution.shown(session)
    return page(
        request,
        "learning/teach_certificates.html",
        viewer=viewer,
        status_code=form.status,
        course=course,
        given=given,
        hours="" if given.hours is None else f"{given.hours:g}",
        found=found,
        form=form,
        zone=place.time_zone,
    )


async def _revoke(request: AnyRequest, code: str, viewer: Viewer, database: Database, form: Form) -> Template:
    async with database.read() as session:
        found = service.view(await service.revocable(session, viewer, code))
    return page(
        request,
        "learning/revoke_certificate.html",
        viewer=viewer,
        status_code=form.status,
        certificate=found,
        form=form,
    )


ROUTES: list[ControllerRouterHandler] = [certificates, change, issue, ask_to_revoke, revoke]
