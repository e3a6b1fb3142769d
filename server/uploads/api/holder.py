"""Requests for an upload in another host's spool: passed on to that host's server."""

from typing import Any
from urllib.parse import quote

import structlog
from litestar import Response

from server.core.errors import Invalid
from server.uploads.api.body import AnyRequest, body_of
from server.uploads.context import UploadContext
from server.uploads.errors import HolderUnreachable, Misdirected
from server.uploads.forms import TUS_PATH
from server.uploads.hosts.relay import Answer, Unreachable, relay
from server.uploads.hosts.rows import address_of
from server.uploads.receive import ClientDisconnected
from server.uploads.service import ACTIVE_STATES
from storage.database.tables import Upload
from storage.messages import N_

log = structlog.get_logger()

HOP = "x-skillstudio-host"  # the host that a server passes the request to; it passes it no further
# What the other server needs to decide as this one would: who asks, from which page, in which language.
PASSED_ON = (
    "accept",
    "accept-language",
    "authorization",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "origin",
    "sec-fetch-site",
    "tus-resumable",
    "upload-checksum",
    "upload-offset",
    "x-http-method-override",
)
PASSED_BACK = ("cache-control", "content-type", "tus-", "upload-")


async def from_holder(request: AnyRequest, context: UploadContext, upload: Upload) -> Response[Any] | None:
    """Response of the server whose spool holds the upload; None when this one can answer."""
    if upload.host is None or context.holds(upload) or upload.state not in ACTIVE_STATES:
        return None
    if HOP in request.headers:
        raise Misdirected(N_("This server does not hold the upload."))
    try:
        answer = await _ask(request, context, upload, upload.host)
    except Unreachable as failure:
        log.warning("upload holder unreachable", upload_id=upload.id, host=upload.host, reason=str(failure))
        raise HolderUnreachable(
            N_(
                "The server that holds this upload cannot be reached. What has arrived is kept there: "
                "try again in a moment."
            )
        ) from failure
    except ClientDisconnected:
        raise Invalid(N_("The connection was closed before the end of the file.")) from None
    headers = {
        name.lower(): value for name, value in answer.headers.items() if name.lower().startswith(PASSED_BACK)
    }
    return Response(answer.body, status_code=answer.status, headers=headers)


async def _ask(request: AnyRequest, context: UploadContext, upload: Upload, holder: str) -> Answer:
    address = await address_of(context.database, holder)
    if address is None:
        raise Unreachable(f"{holder} has announced no address")
    headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
    headers[HOP] = quote(holder)
    body = None if request.method == "HEAD" else body_of(request)
    answer = await relay(address, request.method, f"{TUS_PATH}/{upload.id}", headers, body)
    if answer.status == Misdirected.status:
        raise Unreachable(f"{address} is not the server of {holder}")
    return answer
