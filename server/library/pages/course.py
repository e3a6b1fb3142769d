"""Instructor's pages of a course: lessons, settings, publishing, deletion."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Problem
from server.core.text.formats import translated
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.institution import service as institution
from server.library import courses, lessons
from server.library.pages.shared import AnyRequest, taught, taught_course
from server.library.rules import KINDS, whole_percent
from server.library.schemas import CoursePatch, CourseView, LessonPatch, MediaUrls, Talk
from storage.database.engine import Database
from storage.messages import N_, Message
from storage.states import PublicationStatus, VideoStatus


@get("/teach/courses/{course_id:str}")
async def course(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    media_urls: NamedDependency[MediaUrls],
    talk: NamedDependency[Talk],
) -> Template:
    return await lessons_page(request, course_id, viewer, database, media_urls, talk, Form())


async def lessons_page(
    request: AnyRequest,
    course_id: str,
    viewer: Viewer,
    database: Database,
    media_urls: MediaUrls,
    talk: Talk,
    form: Form,
) -> Template:
    """Course page. `form` is the form of a new lesson."""
    keys = await media_urls.keys()
    async with database.read() as session:
        shown = await taught(session, viewer, course_id)
        inside = await lessons.shown(session, shown)
        posters = media_urls.posters(keys, viewer, inside)
        failures = await lessons.failures(session, inside)
        written = await talk.of_course(session, viewer, course_id, [lesson.id for lesson in inside])
    return page(
        request,
        "library/teach_course.html",
        viewer=viewer,
        status_code=form.status,
        course=shown,
        lessons=inside,
        moving=any(
            lesson.video_status in (VideoStatus.UPLOADING, VideoStatus.PROCESSING) for lesson in inside
        ),
        posters=posters,
        failures=failures,
        talk=written,
        form=form,
        kinds=[(kind, translated(name)) for kind, name in KINDS.items()],
    )


@get("/teach/courses/{course_id:str}/settings")
async def settings(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    shown = await taught_course(database, viewer, course_id)
    return await _settings(request, viewer, database, shown, Form())


@post("/teach/courses/{course_id:str}/settings")
async def save_settings(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any] | Template:
    form = await Form.read(request)
    shown = await taught_course(database, viewer, course_id)
    if form.restored:
        return await _settings(request, viewer, database, shown, form)
    try:
        patch = CoursePatch(
            title=form["title"],
            description=form["description"],
            completion_threshold=whole_percent(form["completion_threshold"]),
            version=form.version,
        )
        await courses.edit(database, viewer, course_id, patch, clock.now(), started=form.started)
    except Problem as problem:
        return await _settings(request, viewer, database, shown, form.refused(problem))
    return redirect(f"/teach/courses/{course_id}/settings", _("Saved."), saved=form[KEY])


async def _settings(
    request: AnyRequest, viewer: Viewer, database: Database, shown: CourseView, form: Form
) -> Template:
    return page(
        request,
        "library/teach_settings.html",
        viewer=viewer,
        status_code=form.status,
        course=shown,
        form=form,
        zone=(await institution.get(database)).time_zone,
    )


@post("/teach/courses/{course_id:str}/status")
async def change_status(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Publish or unpublish; `with_lessons` publishes its draft lessons, too."""
    form = await Form.read(request)
    if form["status"] == PublicationStatus.PUBLISHED and form.checked("with_lessons"):
        for lesson in await lessons.of_course(database, viewer, course_id):
            if lesson.status == PublicationStatus.DRAFT:
                await lessons.edit(
                    database, viewer, lesson.id, LessonPatch(status=PublicationStatus.PUBLISHED), clock.now()
                )
    shown = await courses.edit(database, viewer, course_id, CoursePatch(status=form["status"]), clock.now())
    message = (
        _("Published. Everybody who is enrolled can watch it.")
        if shown.status == PublicationStatus.PUBLISHED
        else _("Taken back to draft. Only those who teach it see it.")
    )
    return redirect(f"/teach/courses/{course_id}", message)


@get("/teach/courses/{course_id:str}/delete")
async def ask_to_delete(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    shown = await taught_course(database, viewer, course_id)
    return page(request, "library/delete_course.html", viewer=viewer, course=shown, form=Form())


@post("/teach/courses/{course_id:str}/delete")
async def delete(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any] | Template:
    """Requires the title to be typed: a term of lectures is deleted."""
    form = await Form.read(request)
    shown = await taught_course(database, viewer, course_id)
    if " ".join(form["title"].split()).casefold() != shown.title.casefold():
        wrong = Form(
            form.values, {"title": Message(N_("Type the title of the course as shown above."))}, status=422
        )
        return page(
            request, "library/delete_course.html", viewer=viewer, status_code=422, course=shown, form=wrong
        )
    await courses.delete(database, viewer, course_id, clock.now())
    return redirect("/teach", _("“%(title)s” is deleted.") % {"title": shown.title})


ROUTES: list[ControllerRouterHandler] = [
    course,
    settings,
    save_settings,
    change_status,
    ask_to_delete,
    delete,
]
