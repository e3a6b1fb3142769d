"""Presigned form for API clients. S3 receives it itself; for the folder store this server does, in the
same format."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Forbidden, Invalid, TooLarge
from server.uploads import policy, rules
from server.uploads.context import UploadContext
from server.uploads.receive import ClientDisconnected, receive
from server.uploads.schemas import InitUpload, UploadTicket
from server.uploads.service import add_row
from server.uploads.spool import SpoolWriter
from storage.database.tables import Upload
from storage.messages import N_

FORM_PATH = "/api/video/upload/form"
TUS_PATH = "/api/video/upload/tus"
FIELDS_SECONDS = 60.0  # for the fields before the file: they are the authorisation
FIELDS_LIMIT = 16 * 1024  # bytes of all fields before the file


async def ticket(
    context: UploadContext, viewer: Viewer, wanted: InitUpload, *, public_url: str, key: bytes, now: datetime
) -> UploadTicket:
    async with context.database.write() as session:
        upload = await add_row(
            session,
            context,
            viewer,
            wanted.lesson_id,
            wanted.filename,
            content_type=wanted.content_type,
            size=wanted.size,
            host=None,
            now=now,
        )
    expires_at = now + rules.FORM_LIFETIME
    max_bytes = wanted.size or context.max_upload_bytes
    form = await context.store.presigned_form(
        upload.s3_key, max_bytes=max_bytes, expires_at=expires_at, content_type=wanted.content_type
    )
    if form is not None:
        url, fields = form.url, form.fields
    else:
        terms = policy.Policy(upload.s3_key, max_bytes, expires_at, wanted.content_type)
        url, fields = public_url + FORM_PATH, policy.sign(terms, key)
    return UploadTicket(url, fields, upload.s3_key, public_url + TUS_PATH, expires_at)


class FormReader:
    """Streaming multipart/form-data reader: the fields first, then the file."""

    def __init__(self, body: AsyncIterator[bytes], boundary: str, length: int) -> None:
        self._body = body
        self._parser = PushMultipartParser(boundary, content_length=length, max_segment_count=32)
        self._events = self._parse()
        self.filename = ""  # as the client names it, once the fields are read

    async def fields(self) -> dict[str, str]:
        """All fields before the part named `file`."""
        fields: dict[str, str] = {}
        name, value, total = "", bytearray(), 0
        async for event in self._events:
            if isinstance(event, MultipartSegment):
                if event.name == "file":
                    self.filename = event.filename or ""
                    return fields
                name, value = event.name, bytearray()
            elif event is None:
                fields[name] = value.decode(errors="replace")
            else:
                value += event
                total += len(event)
                if total > FIELDS_LIMIT:
                    raise TooLarge(N_("The fields before the file are too long."))
        raise Invalid(N_("The form has no part named `file`. Send it last, after all fields."))

    async def file(self) -> AsyncIterator[bytes]:
        async for event in self._events:
            if event is None:
                return
            if isinstance(event, (bytes, bytearray)):
                yield bytes(event)

    async def _parse(self) -> AsyncIterator[MultipartSegment | bytes | bytearray | None]:
        try:
            async for piece in self._body:
                for event in self._parser.parse(piece) if piece else ():
                    yield event
            self._parser.close()
        except MultipartError:
            raise Invalid(N_("The body is not complete, well-formed multipart/form-data.")) from None


async def accept(context: UploadContext, reader: FormReader, keys: tuple[bytes, ...], now: datetime) -> None:
    """Store the file under the policy's key. The object appears whole or not at all."""
    try:
        async with asyncio.timeout(FIELDS_SECONDS):
            fields = await reader.fields()
    except TimeoutError:
        raise Invalid(N_("The fields before the file took too long to arrive.")) from None
    except ClientDisconnected:
        raise Invalid(N_("The connection was closed before the end of the request.")) from None
    terms = policy.verify(fields, keys, now)
    upload_id = terms.key.rsplit("/", 1)[-1].partition(".")[0]
    await _check_open(context, upload_id)  # before receiving the file …
    path = context.spool.form_path(upload_id, secrets.token_hex(4))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        await _to_disk(path, reader, terms.max_bytes)
        await _check_open(context, upload_id)  # … and after: never overwrite an original in encoding
        await context.store.adopt_file(terms.key, path, terms.content_type or "application/octet-stream")
    finally:
        path.unlink(missing_ok=True)
    if await _state(context, upload_id) not in ("open", "stored"):
        await context.store.delete(terms.key)
        raise Conflict(N_("The upload was cancelled or expired while the file arrived. Ask for a new form."))


async def _to_disk(path: Path, reader: FormReader, max_bytes: int) -> None:
    writer = SpoolWriter(path, create=True)
    try:
        complete = await receive(writer, reader.file(), room=max_bytes)
        if not complete:
            raise Invalid(N_("The connection was closed before the end of the file."))
        if writer.offset == 0:
            raise Invalid(N_("The file is empty."))
        await asyncio.to_thread(writer.sync)
    finally:
        writer.close()


async def _check_open(context: UploadContext, upload_id: str) -> None:
    if await _state(context, upload_id) != "open":
        raise Forbidden(
            N_("This form has been used already, was cancelled or has expired. Ask for a new one.")
        )


async def _state(context: UploadContext, upload_id: str) -> str | None:
    async with context.database.read() as session:
        upload = await session.get(Upload, upload_id)
        return upload.state if upload else None
