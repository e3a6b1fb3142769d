"""Object store protocol; its contract tests are in `tests/integration/storage/test_object_stores.py`."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec


class ObjectInfo(msgspec.Struct, frozen=True):
    key: str
    size: int  # bytes
    modified: datetime


class UploadForm(msgspec.Struct, frozen=True):
    """S3 POST policy: send `fields` as multipart form data, with the file last, in `file`."""

    url: str
    fields: dict[str, str]


class StoreError(Exception):
    """Object store failure; `str()` is a sentence for an administrator."""


class ObjectMissing(StoreError):
    pass


class StoreUnavailable(StoreError):
    """Transient failure, worth a retry: network error, 5xx, timeout, incomplete object."""


class StoreRefused(StoreUnavailable):
    """The store does not accept our key or our clock: it works again when somebody has put that right."""


class BucketMissing(StoreUnavailable):
    """Nothing is there that could hold objects: `create` makes it."""


class StoreLost(StoreError):
    """The store is not the one that the database was used with."""


class StoreFull(StoreError):
    pass


@runtime_checkable  # Litestar checks injected dependencies
class ObjectStore(Protocol):
    """Object store with atomic writes: an object appears complete, with exactly its bytes, or not at all.

    Keys are relative POSIX paths built by `keys.py`; a key that `keys.checked` refuses raises
    ValueError, and so does a symbolic link in its path. No key may be the folder of another.
    Every call may raise StoreUnavailable, every write StoreFull, every read of an object
    ObjectMissing. A cancelled call returns at once; its object appears complete or never.
    """

    async def put_bytes(self, key: str, data: bytes, content_type: str) -> ObjectInfo: ...

    async def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        """Store a copy of a local file; the stored size is verified. The file stays."""
        ...

    async def adopt_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        """Move a local file into the store; a rename where that is possible.

        Idempotent: when the file is already gone, an existing object counts as success.
        """
        ...

    async def get_bytes(self, key: str) -> bytes: ...

    async def fetch(self, key: str, to: Path) -> ObjectInfo:
        """Download the object to `to`, through a temporary file beside it.

        The folder of `to` has to exist; raises StoreFull when its disk is full.
        """
        ...

    def stream(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]: ...

    async def stat(self, key: str) -> ObjectInfo | None: ...

    def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """List objects in the store's own order. `prefix` is any start of a key; "" lists everything."""
        ...

    async def delete(self, key: str) -> None:
        """Idempotent: no error when the object does not exist."""
        ...

    async def delete_prefix(self, prefix: str) -> int:
        """Returns the number deleted. `prefix` is a folder: without the final slash it raises ValueError."""
        ...

    def local_path(self, key: str) -> Path | None:
        """Path of the object on local disk, whether or not it exists; None for remote stores."""
        ...

    async def presigned_form(
        self, key: str, *, max_bytes: int, expires_at: datetime, content_type: str | None
    ) -> UploadForm | None:
        """None where the store takes no direct uploads: the server then serves the form."""
        ...

    async def free_bytes(self) -> int | None:
        """None when the store does not report it."""
        ...

    async def check(self) -> None:
        """Raise StoreError unless a real put, get and delete succeed; BucketMissing before a first start."""
        ...

    async def create(self) -> None:
        """Create what holds the objects, unless it exists."""
        ...

    async def holds_objects(self) -> bool:
        """Whether any object is stored, those of checks apart."""
        ...

    async def close(self) -> None: ...
