"""Presigned form endpoints (spec section 1)."""

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from multipart import parse_options_header

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Invalid, Problem
from server.core.signing_keys import live_keys
from server.core.web.middleware.csrf import EXEMPT
from server.settings import Settings
from server.uploads import forms
from server.uploads.api.body import AnyRequest, body_of, drain
from server.uploads.context import UploadContext
from server.uploads.schemas import InitUpload, UploadTicket
from storage.messages import N_

FORM_KEY = "upload-form"


@post("/upload/init", status_code=200)
async def init_upload(
    data: JSONBody[InitUpload],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    settings: NamedDependency[Settings],
    clock: NamedDependency[Clock],
) -> UploadTicket:
    """Presigned form for one file of one lesson."""
    now = clock.now()
    keys = await live_keys(upload_context.database, FORM_KEY, now)
    return await forms.ticket(
        upload_context, viewer, data, public_url=settings.public_url, key=keys[0], now=now
    )


@post("/upload/form", status_code=204, request_max_body_size=None, opt={EXEMPT: True})
async def take_form(
    request: AnyRequest, upload_context: NamedDependency[UploadContext], clock: NamedDependency[Clock]
) -> Response[None]:
    """Form target of the folder store; the signed policy is the authorisation."""
    content_type, options = parse_options_header(request.headers.get("content-type", ""))
    length = request.headers.get("content-length", "")
    if content_type != "multipart/form-data" or not options.get("boundary"):
        raise Invalid(N_("Send the form as multipart/form-data."))
    body, now = body_of(request), clock.now()
    reader = forms.FormReader(body, options["boundary"], int(length) if length.isdigit() else -1)
    try:
        await forms.accept(
            upload_context, reader, await live_keys(upload_context.database, FORM_KEY, now), now
        )
    except Problem:
        await drain(body)
        raise
    return Response(None)
