"""Uploads and encoding over HTTP (spec section 1)."""

from collections.abc import AsyncIterator

from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from litestar.types import ControllerRouterHandler
from multipart import parse_options_header

from server.accounts.identity import Viewer
from server.accounts.keys import live_keys
from server.kit.clock import Clock
from server.kit.csrf import EXEMPT
from server.kit.errors import Invalid, NotFound, Problem
from server.library.access import NO_LESSON, lesson_for_teaching
from server.settings import Settings
from server.uploads import control, forms, tus
from server.uploads.body import AnyRequest, body_of, let_pass
from server.uploads.events import HEARTBEAT_EVENT, Hub, event
from server.uploads.intake import Intake
from server.uploads.progress import LessonProgress, addressed, snapshot
from server.uploads.schemas import InitUpload, LessonRef, Started, StartTranscode, UploadTicket
from server.uploads.start import start
from server.uploads.wording import worded
from storage.database.engine import Database
from storage.objects.store import ObjectStore
from transcoder.queue import Queue

FORM_KEY = "upload-form"


@post("/upload/init", status_code=200)
async def init_upload(
    data: JSONBody[InitUpload],
    viewer: NamedDependency[Viewer],
    intake: NamedDependency[Intake],
    settings: NamedDependency[Settings],
    clock: NamedDependency[Clock],
) -> UploadTicket:
    """A form that takes one file for one lesson."""
    now = clock.now()
    keys = await live_keys(intake.database, FORM_KEY, now)
    return await forms.ticket(intake, viewer, data, public_url=settings.public_url, key=keys[0], now=now)


@post("/upload/form", status_code=204, request_max_body_size=None, opt={EXEMPT: True})
async def take_form(
    request: AnyRequest, intake: NamedDependency[Intake], clock: NamedDependency[Clock]
) -> Response[None]:
    """Where the folder store's forms go; the signed policy is the leave to send."""
    content_type, options = parse_options_header(request.headers.get("content-type", ""))
    length = request.headers.get("content-length", "")
    if content_type != "multipart/form-data" or not options.get("boundary"):
        raise Invalid("Send the form as multipart/form-data.")
    body, now = body_of(request), clock.now()
    reader = forms.FormReader(body, options["boundary"], int(length) if length.isdigit() else -1)
    try:
        await forms.accept(intake, reader, await live_keys(intake.database, FORM_KEY, now), now)
    except Problem:
        await let_pass(body)
        raise
    return Response(None)


@post("/transcode/start", status_code=200)
async def start_transcode(
    data: JSONBody[StartTranscode],
    viewer: NamedDependency[Viewer],
    intake: NamedDependency[Intake],
    clock: NamedDependency[Clock],
) -> Started:
    """Encode what was uploaded to this key; the same key again is the same job."""
    return await start(intake, viewer, data, clock.now())


@get("/transcode/status/{lesson_id:str}")
async def status(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    intake: NamedDependency[Intake],
    clock: NamedDependency[Clock],
) -> Response[LessonProgress]:
    """How far a lesson's video is, from the first byte of its upload to its last segment."""
    now = clock.now()
    async with intake.database.read() as session:
        await lesson_for_teaching(session, viewer, lesson_id)
        progress = await snapshot(session, intake.spool, lesson_id, now)
    if progress is None:
        raise NotFound(NO_LESSON)
    return Response(
        await addressed(progress, intake.database, viewer, now), headers={"Cache-Control": "no-store"}
    )


@get("/transcode/status/{lesson_id:str}/events")
async def events(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    intake: NamedDependency[Intake],
    hub: NamedDependency[Hub],
    clock: NamedDependency[Clock],
) -> Stream:
    """The answer of `status` now and at every change, with its words, as server-sent events."""
    async with intake.database.read() as session:
        await lesson_for_teaching(session, viewer, lesson_id)

    async def stream() -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        async for progress in hub.changes(lesson_id):
            if progress is None:
                yield HEARTBEAT_EVENT
            else:
                yield event(worded(await addressed(progress, intake.database, viewer, clock.now())))

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would hold events back
    return Stream(stream(), media_type="text/event-stream", headers=headers)


@post("/transcode/cancel", status_code=200)
async def cancel(
    data: JSONBody[LessonRef],
    viewer: NamedDependency[Viewer],
    intake: NamedDependency[Intake],
    clock: NamedDependency[Clock],
) -> Started:
    """Stops within seconds and removes what was made."""
    return await control.cancel(intake, viewer, data.lesson_id, clock.now())


@post("/transcode/retry", status_code=200)
async def retry(
    data: JSONBody[LessonRef],
    viewer: NamedDependency[Viewer],
    intake: NamedDependency[Intake],
    clock: NamedDependency[Clock],
) -> Started:
    """Takes a failed encoding up again from its finished chunks."""
    return await control.retry(intake, viewer, data.lesson_id, clock.now())


async def provide_intake(
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    store: NamedDependency[ObjectStore],
    queue: NamedDependency[Queue],
) -> Intake:
    return Intake.of(settings, database, store, queue)


async def provide_hub(
    request: Request[object, object, State], intake: NamedDependency[Intake], clock: NamedDependency[Clock]
) -> Hub:
    """One for the whole application, so that listeners share their looks."""

    async def look(lesson_id: str) -> LessonProgress | None:
        async with intake.database.read() as session:
            return await snapshot(session, intake.spool, lesson_id, clock.now())

    state = request.app.state
    if "progress_hub" not in state:
        state["progress_hub"] = Hub(look, state["leaving"])
    hub: Hub = state["progress_hub"]
    return hub


DEPENDENCIES = {"intake": Provide(provide_intake), "hub": Provide(provide_hub)}

ROUTES: list[ControllerRouterHandler] = [
    Router(
        path="/api/video",
        tags=["Video"],
        dependencies=DEPENDENCIES,
        route_handlers=[
            init_upload,
            take_form,
            start_transcode,
            status,
            events,
            cancel,
            retry,
            tus.ROUTER,
        ],
    )
]
