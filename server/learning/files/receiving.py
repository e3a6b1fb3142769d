"""A file of a form, received on this machine's disk before it is judged and stored."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from server.core.errors import Invalid, TooLarge
from server.learning.files.rules import HEAD_BYTES
from server.uploads.forms import FIELDS_SECONDS, FormReader
from server.uploads.receive import ClientDisconnected, receive
from server.uploads.rules import clean_filename
from server.uploads.spool import Spool, SpoolWriter
from storage.database.base import new_id
from storage.messages import N_, byte_size, message

FORM_BYTES = 64 * 1024  # of a form around its file
NONE_CHOSEN = N_("Choose a file.")


class Received(msgspec.Struct, frozen=True):
    path: Path
    name: str
    size: int  # bytes
    head: bytes
    sha256: str  # hex digest


@asynccontextmanager
async def received(spool: Spool, reader: FormReader, limit: int) -> AsyncIterator[Received]:
    """The file of a form, of at most `limit` bytes; removed at the end unless the store has adopted it.

    One that a killed process leaves is removed by the spool's sweep. Raises Invalid, TooLarge or NoRoom.
    """
    await _fields(reader)
    path = spool.form_path(new_id(), "file")
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    try:
        await _to_disk(path, reader, limit)
        name = clean_filename(reader.filename)
        size, head, digest = await asyncio.to_thread(_read, path)
        if not name:
            raise Invalid(NONE_CHOSEN, fields={"file": NONE_CHOSEN})
        if not size:
            sentence = N_("The file is empty.")
            raise Invalid(sentence, fields={"file": sentence})
        yield Received(path, name, size, head, digest)
    finally:
        path.unlink(missing_ok=True)


def too_large(limit: int) -> TooLarge:
    told = message(N_("The file is larger than %(limit)s, which is the most."), limit=byte_size(limit))
    return TooLarge(told, fields={"file": told})


async def _fields(reader: FormReader) -> dict[str, str]:
    try:
        async with asyncio.timeout(FIELDS_SECONDS):
            return await reader.fields()
    except TimeoutError:
        raise Invalid(N_("The fields before the file took too long to arrive.")) from None
    except ClientDisconnected:
        raise Invalid(N_("The connection was closed before the end of the request.")) from None


async def _to_disk(path: Path, reader: FormReader, limit: int) -> None:
    writer = SpoolWriter(path, create=True)
    try:
        if not await receive(writer, reader.file(), room=limit):
            raise Invalid(N_("The connection was closed before the end of the file."))
        await asyncio.to_thread(writer.sync)
    except TooLarge:
        raise too_large(limit) from None
    finally:
        writer.close()


def _read(path: Path) -> tuple[int, bytes, str]:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), head, digest
