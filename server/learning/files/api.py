"""JSON API of pictures and attachments, and the addresses that their bytes are at."""

from typing import Any

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler
from multipart import parse_options_header

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Invalid, NotFound, Problem, Unavailable
from server.learning.files import rules, service
from server.learning.files.context import FileContext
from server.learning.files.receiving import FORM_BYTES, too_large
from server.learning.files.service import FileView
from server.playback.rules import Span, Unsatisfiable, span
from server.uploads.api.body import AnyRequest, body_of, drain
from server.uploads.forms import FormReader
from storage.database.engine import Database
from storage.database.tables import LessonFile
from storage.messages import N_
from storage.objects import keys
from storage.objects.store import StoreError
from storage.states import FileKind

ATTACHMENTS = "/api/lessons/{lesson_id:str}/attachments"
PICTURES = "/api/lessons/{lesson_id:str}/pictures"
# Nothing in a file may act in this site's name, whatever a browser makes of it.
POLICY = "default-src 'none'; sandbox"
CACHED_SECONDS = 3600  # a file never changes under its address, but who may see it does


async def take_file(
    request: AnyRequest, context: FileContext, viewer: Viewer, lesson_id: str, kind: FileKind, clock: Clock
) -> FileView:
    """Add the file of a multipart form with one part `file`, streamed to disk and from there to the store."""
    await service.require_room(context, viewer, lesson_id, kind)
    body = body_of(request)
    try:
        content_type, options = parse_options_header(request.headers.get("content-type", ""))
        if content_type != "multipart/form-data" or not options.get("boundary"):
            raise Invalid(N_("Send the form as multipart/form-data."))
        header = request.headers.get("content-length", "")
        length, limit = int(header) if header.isdigit() else -1, context.limits[kind].size
        if length > limit + FORM_BYTES:
            raise too_large(limit)
        reader = FormReader(body, options["boundary"], length)
        return await service.add(context, viewer, lesson_id, kind, reader, clock.now())
    except Problem:
        await drain(body)
        raise


@get(ATTACHMENTS, tags=["Courses and lessons"])
async def list_attachments(
    lesson_id: FromPath[str], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> list[FileView]:
    """Attachments of a lesson in order."""
    return await service.listed(database, viewer, lesson_id, FileKind.ATTACHMENT)


@post(ATTACHMENTS, tags=["Courses and lessons"], request_max_body_size=None)
async def add_attachment(
    request: AnyRequest,
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    file_context: NamedDependency[FileContext],
    clock: NamedDependency[Clock],
) -> FileView:
    """Add an attachment: multipart/form-data with one part `file`. The same file again is not added twice."""
    return await take_file(request, file_context, viewer, lesson_id, FileKind.ATTACHMENT, clock)


@delete(ATTACHMENTS + "/{file_id:str}", tags=["Courses and lessons"])
async def delete_attachment(
    lesson_id: FromPath[str],
    file_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Delete an attachment."""
    await service.delete(database, viewer, lesson_id, file_id, clock.now())


@get(PICTURES, tags=["Courses and lessons"])
async def list_pictures(
    lesson_id: FromPath[str], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> list[FileView]:
    """Pictures that were uploaded for a lesson's text; its Markdown shows one by `![what it shows](url)`."""
    return await service.listed(database, viewer, lesson_id, FileKind.PICTURE)


@post(PICTURES, tags=["Courses and lessons"], request_max_body_size=None)
async def add_picture(
    request: AnyRequest,
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    file_context: NamedDependency[FileContext],
    clock: NamedDependency[Clock],
) -> FileView:
    """Add a picture: multipart/form-data with one part `file`; PNG, JPEG, GIF, WebP or AVIF."""
    return await take_file(request, file_context, viewer, lesson_id, FileKind.PICTURE, clock)


@delete(PICTURES + "/{file_id:str}", tags=["Courses and lessons"])
async def delete_picture(
    lesson_id: FromPath[str],
    file_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Delete a picture that the text does not show."""
    await service.delete(database, viewer, lesson_id, file_id, clock.now())


@get("/files/{file_id:str}/{name:str}", include_in_schema=False)
async def send_file(
    request: AnyRequest,
    file_id: FromPath[str],
    name: FromPath[str],  # noqa: ARG001 - for people and browsers; the id is what counts
    viewer: NamedDependency[Viewer],
    file_context: NamedDependency[FileContext],
) -> Response[Any]:
    """Bytes of a file, or a range of them."""
    row = await service.find(file_context.database, viewer, file_id)
    key = keys.lesson_file(row.lesson_id, row.id)
    try:
        stored = await file_context.store.stat(key)
    except StoreError as error:
        raise Unavailable(N_("The file cannot be read right now. Try again in a moment.")) from error
    if stored is None:
        raise NotFound(service.NO_FILE)
    headers = _headers(row)
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(None, status_code=304, headers=headers)
    try:
        part = span(_range(request, headers["etag"]), row.size)
    except Unsatisfiable:
        headers = {"content-range": f"bytes */{row.size}"}
        return Response(b"", status_code=416, headers=headers, media_type="text/plain")
    start, length = part or Span(0, row.size)
    headers["content-length"] = str(length)
    if part is not None:
        headers["content-range"] = f"bytes {start}-{start + length - 1}/{row.size}"
    return Stream(
        file_context.store.stream(key, start, length),
        status_code=200 if part is None else 206,
        headers=headers,
        media_type=row.content_type,
    )


def _headers(row: LessonFile) -> dict[str, str]:
    return {
        "accept-ranges": "bytes",
        "cache-control": f"private, max-age={CACHED_SECONDS if row.kind is FileKind.PICTURE else 0}",
        "content-disposition": rules.disposition(row.kind, row.name),
        "content-security-policy": POLICY,
        "cross-origin-resource-policy": "same-origin",
        "etag": f'"{row.sha256}"',
        "x-content-type-options": "nosniff",
    }


def _range(request: AnyRequest, etag: str) -> str | None:
    """The range that is asked for; none where it is meant of another state of the file (RFC 9110 13.1.5)."""
    return request.headers.get("range") if request.headers.get("if-range", etag) == etag else None


ROUTES: list[ControllerRouterHandler] = [
    list_attachments,
    add_attachment,
    delete_attachment,
    list_pictures,
    add_picture,
    delete_picture,
    send_file,
]
