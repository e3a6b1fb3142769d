"""Encoding endpoints (spec section 1)."""

from collections.abc import AsyncIterator
from contextlib import suppress

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import ViewerAgain
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import NotFound, Problem
from server.core.live import HEARTBEAT, Hub, Source, event
from server.encoding import control
from server.encoding.presentation import for_reader, presented
from server.encoding.progress import LessonProgress, snapshot, with_media_urls
from server.encoding.schemas import LessonRef, Started, StartTranscode
from server.encoding.start import start
from server.library.access import NO_LESSON, lesson_for_teaching
from server.playback.signing import SigningKeys
from server.uploads.context import UploadContext
from storage.database.engine import Database


@post("/transcode/start", status_code=200)
async def start_transcode(
    data: JSONBody[StartTranscode],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    clock: NamedDependency[Clock],
) -> Started:
    """Start encoding the object with this key. Idempotent: the same key is the same job."""
    return await start(upload_context, viewer, data, clock.now())


@get("/transcode/status/{lesson_id:str}")
async def status(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    signing_keys: NamedDependency[SigningKeys],
    clock: NamedDependency[Clock],
) -> Response[LessonProgress]:
    """Progress of a lesson's video, from the first byte of its upload to its last segment."""
    now, keys = clock.now(), await signing_keys()
    async with upload_context.database.read() as session:
        await lesson_for_teaching(session, viewer, lesson_id)
        progress = await snapshot(session, upload_context, lesson_id, now)
    if progress is None:
        raise NotFound(NO_LESSON)
    return Response(
        for_reader(with_media_urls(progress, keys, viewer, now)),
        headers={"Cache-Control": "no-store"},
    )


@get("/transcode/status/{lesson_id:str}/events")
async def events(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    viewer_again: NamedDependency[ViewerAgain],
    upload_context: NamedDependency[UploadContext],
    hub: NamedDependency[Hub],
    signing_keys: NamedDependency[SigningKeys],
    clock: NamedDependency[Clock],
) -> Stream:
    """Server-sent events: the response of `status` with its texts, now and at every change. They end when the
    session or token does, and when the viewer no longer teaches the lesson."""
    async with upload_context.database.read() as session:
        await lesson_for_teaching(session, viewer, lesson_id)
    hub.require_room(viewer.id)

    async def read() -> LessonProgress | None:
        async with upload_context.database.read() as session:
            return await snapshot(session, upload_context, lesson_id, clock.now())

    async def stream() -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        source = Source(read, lambda progress: progress.moving)
        async for progress in hub.changes(f"lesson/{lesson_id}", source, viewer.id):
            if not await _may_teach(upload_context.database, await viewer_again(), lesson_id):
                return
            if progress is None:
                yield HEARTBEAT
            else:
                keys = await signing_keys()
                yield event(presented(with_media_urls(progress, keys, viewer, clock.now())))

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would buffer the events
    return Stream(stream(), media_type="text/event-stream", headers=headers)


async def _may_teach(database: Database, viewer: Viewer | None, lesson_id: str) -> bool:
    if viewer is None:
        return False
    with suppress(Problem):
        async with database.read() as session:
            await lesson_for_teaching(session, viewer, lesson_id)
        return True
    return False


@post("/transcode/cancel", status_code=200)
async def cancel(
    data: JSONBody[LessonRef],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    clock: NamedDependency[Clock],
) -> Started:
    """Cancel the encoding within seconds and delete its output."""
    return await control.cancel(upload_context, viewer, data.lesson_id, clock.now())


@post("/transcode/retry", status_code=200)
async def retry(
    data: JSONBody[LessonRef],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    clock: NamedDependency[Clock],
) -> Started:
    """Retry a failed encoding from its finished chunks."""
    return await control.retry(upload_context, viewer, data.lesson_id, clock.now())


ROUTES: list[ControllerRouterHandler] = [
    Router(
        path="/api/video",
        tags=["Video"],
        route_handlers=[
            start_transcode,
            status,
            events,
            cancel,
            retry,
        ],
    )
]
