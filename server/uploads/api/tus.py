"""tus 1.0 endpoints: creation, creation-with-upload, expiration, termination, checksum."""

from typing import Any

from litestar import Response, Router, delete, head, patch, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Invalid, NotFound, Problem
from server.core.web.exception_handlers import on_problem
from server.uploads import protocol, receive, service
from server.uploads.api.body import AnyRequest, body_of
from server.uploads.api.holder import from_holder
from server.uploads.context import UploadContext
from server.uploads.errors import HolderUnreachable
from server.uploads.finish import finish_soon
from server.uploads.forms import TUS_PATH
from storage.database.tables import Upload
from storage.messages import N_
from storage.states import UploadState

RESUMABLE = {"Tus-Resumable": protocol.VERSION}


@route("/", http_method=["OPTIONS"], status_code=204)
async def capabilities(upload_context: NamedDependency[UploadContext]) -> Response[None]:
    """Capabilities of this server; needs neither a tus version nor an account."""
    return Response(
        None,
        headers=RESUMABLE
        | {
            "Tus-Version": protocol.VERSION,
            "Tus-Extension": protocol.EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(protocol.ALGORITHMS),
            "Tus-Max-Size": str(upload_context.max_upload_bytes),
        },
    )


@post("/", status_code=201, request_max_body_size=None)
async def create(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    clock: NamedDependency[Clock],
) -> Response[None]:
    """New upload from Upload-Length and Upload-Metadata (lesson_id, filename, filetype); the body may
    hold the first bytes."""
    protocol.check_version(request.headers.get("tus-resumable"))
    metadata = protocol.parse_metadata(request.headers.get("upload-metadata"))
    if "lesson_id" not in metadata or "filename" not in metadata:
        raise Invalid(N_("Upload-Metadata should hold lesson_id and filename."))
    upload = await service.open_upload(
        upload_context,
        viewer,
        lesson_id=metadata["lesson_id"],
        filename=metadata["filename"],
        content_type=metadata.get("filetype") or None,
        size=protocol.parse_number("Upload-Length", request.headers.get("upload-length")),
        now=clock.now(),
    )
    offset = 0
    if request.headers.get("content-type", "").startswith(protocol.BODY_TYPE):
        offset = await _append(request, upload_context, upload, 0, clock)
    headers = _headers(upload, offset) | {"Location": f"{TUS_PATH}/{upload.id}"}
    return Response(None, headers=headers)


@head("/{upload_id:str}")
async def look(
    request: AnyRequest,
    upload_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    clock: NamedDependency[Clock],
) -> Response[None]:
    protocol.check_version(request.headers.get("tus-resumable"))
    upload = await service.find(upload_context, viewer, upload_id)
    if answer := await from_holder(request, upload_context, upload):
        return answer
    offset = service.offset_of(upload_context, upload)
    if offset == upload.size and upload.state != UploadState.STORED:  # its process died before storing it
        await finish_soon(upload_context, upload.id, clock.now())
    metadata = {"lesson_id": upload.lesson_id, "filename": upload.filename}
    if upload.content_type:
        metadata["filetype"] = upload.content_type
    about = {
        "Upload-Length": str(upload.size),
        "Upload-Metadata": protocol.format_metadata(metadata),
        "Cache-Control": "no-store",
    }
    return Response(None, headers=_headers(upload, offset) | about)


@patch("/{upload_id:str}", status_code=204, request_max_body_size=None)
async def send(
    request: AnyRequest,
    upload_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    clock: NamedDependency[Clock],
) -> Response[None]:
    return await _send(request, upload_id, viewer, upload_context, clock)


@delete("/{upload_id:str}", status_code=204)
async def terminate(
    request: AnyRequest,
    upload_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    clock: NamedDependency[Clock],
) -> Response[None]:
    return await _terminate(request, upload_id, viewer, upload_context, clock)


@post("/{upload_id:str}", status_code=204, request_max_body_size=None)
async def overridden(
    request: AnyRequest,
    upload_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    clock: NamedDependency[Clock],
) -> Response[None]:
    """X-HTTP-Method-Override, for networks that pass only GET and POST."""
    match request.headers.get("x-http-method-override", "").upper():
        case "PATCH":
            return await _send(request, upload_id, viewer, upload_context, clock)
        case "DELETE":
            return await _terminate(request, upload_id, viewer, upload_context, clock)
    raise NotFound(N_("Send the bytes of an upload with PATCH."))


async def _send(
    request: AnyRequest, upload_id: str, viewer: Viewer, upload_context: UploadContext, clock: Clock
) -> Response[None]:
    protocol.check_version(request.headers.get("tus-resumable"))
    protocol.check_body_type(request.headers.get("content-type"))
    offset = protocol.parse_number("Upload-Offset", request.headers.get("upload-offset"))
    upload = await service.find(upload_context, viewer, upload_id)
    if answer := await from_holder(request, upload_context, upload):
        return answer
    offset = await _append(request, upload_context, upload, offset, clock)
    return Response(None, headers=_headers(upload, offset))


async def _terminate(
    request: AnyRequest, upload_id: str, viewer: Viewer, upload_context: UploadContext, clock: Clock
) -> Response[None]:
    """On any host: the row ends the upload, and the holder's sweep removes the file."""
    protocol.check_version(request.headers.get("tus-resumable"))
    await service.cancel(upload_context, viewer, upload_id, clock.now())
    return Response(None, headers=RESUMABLE)


async def _append(
    request: AnyRequest, upload_context: UploadContext, upload: Upload, offset: int, clock: Clock
) -> int:
    length = request.headers.get("content-length")
    offset = await receive.append(
        upload_context,
        upload,
        body_of(request),
        offset=offset,
        length=int(length) if length and length.isdigit() else None,
        checksum=protocol.parse_checksum(request.headers.get("upload-checksum")),
        now=clock.now(),
    )
    if offset == upload.size:
        await finish_soon(upload_context, upload.id, clock.now())
    return offset


def _refused(request: AnyRequest, problem: Problem) -> Response[Any]:
    response = on_problem(request, problem)
    response.headers.update(RESUMABLE | {"Tus-Version": protocol.VERSION})
    if isinstance(problem, HolderUnreachable):
        response.headers["Retry-After"] = str(problem.retry_seconds)
    return response


def _headers(upload: Upload, offset: int) -> dict[str, str]:
    expires = (
        {"Upload-Expires": protocol.http_date(upload.expires_at)} if upload.state == UploadState.OPEN else {}
    )
    return RESUMABLE | {"Upload-Offset": str(offset)} | expires


ROUTER = Router(
    path=TUS_PATH.removeprefix("/api/video"),
    exception_handlers={Problem: _refused},
    route_handlers=[capabilities, create, look, send, terminate, overridden],
)
