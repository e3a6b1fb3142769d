"""What every object store promises; `tests/integration/test_object_stores.py` is its contract."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec


class ObjectInfo(msgspec.Struct, frozen=True):
    key: str
    size: int  # bytes
    modified: datetime


class UploadForm(msgspec.Struct, frozen=True):
    """An S3 POST policy: send `fields` as multipart form data, then the file last in `file`."""

    url: str
    fields: dict[str, str]


class StoreError(Exception):
    """Something is wrong with the object store; `str()` is a sentence for an administrator."""


class ObjectMissing(StoreError):
    pass


class StoreUnavailable(StoreError):
    """Worth another try later: the network, a 5xx, a time-out, half an object."""


class StoreFull(StoreError):
    pass


@runtime_checkable  # Litestar checks what it injects
class ObjectStore(Protocol):
    """Objects appear whole or not at all, under exactly the bytes that were given.

    Keys are relative POSIX paths as `keys.py` spells them; whatever `keys.checked` refuses
    raises ValueError, and so does a symbolic link in the way. No key may be the folder of
    another. Every call may raise StoreUnavailable, every write StoreFull, every read of an
    object ObjectMissing. A cancelled call ends at once; what it was writing appears whole or never.
    """

    async def put_bytes(self, key: str, data: bytes, content_type: str) -> ObjectInfo: ...

    async def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        """Copy a local file in; the stored size is verified. The file stays."""
        ...

    async def adopt_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        """Like `put_file`, but the file is gone afterwards; a rename where that is possible.

        Safe to run twice: when the file is gone already, the object is what counts.
        """
        ...

    async def get_bytes(self, key: str) -> bytes: ...

    async def fetch(self, key: str, to: Path) -> ObjectInfo:
        """Write the whole object to `to` by way of a temporary name beside it.

        The folder of `to` has to be there; StoreFull when its disk has no room.
        """
        ...

    def stream(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]: ...

    async def stat(self, key: str) -> ObjectInfo | None: ...

    def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """In the store's own order. `prefix` is any beginning of a key; "" lists everything."""
        ...

    async def delete(self, key: str) -> None:
        """No error when it is not there."""
        ...

    async def delete_prefix(self, prefix: str) -> int:
        """How many were deleted. `prefix` is one folder: without the slash it raises ValueError."""
        ...

    def local_path(self, key: str) -> Path | None:
        """Where the object lies, or would lie, on this machine's disk, for stores that have such a place."""
        ...

    async def presigned_form(
        self, key: str, *, max_bytes: int, expires_in: timedelta, content_type: str | None
    ) -> UploadForm | None:
        """None where the store takes no uploads of its own: the server then serves the form."""
        ...

    async def free_bytes(self) -> int | None:
        """None when the store does not tell."""
        ...

    async def check(self) -> None:
        """Raise StoreError unless a real put, get and delete work. Makes the bucket if need be."""
        ...

    async def close(self) -> None: ...
