"""S3 object store in one bucket: MinIO, its fork Silo, Garage, SeaweedFS, Ceph, AWS."""

import asyncio
import io
import os
import secrets
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from threading import Event
from time import monotonic

import structlog

from storage.objects.files import STALE, landing_at, rename, stoppable, temporary_beside, write_whole
from storage.objects.keys import CHECKS, ORIGINALS, VIDEOS, checked, checked_folder, checked_prefix
from storage.objects.s3_bucket import PAGE, Bucket, address
from storage.objects.store import ObjectInfo, ObjectMissing, StoreError, StoreUnavailable, UploadForm

THREADS = 16  # concurrent calls; each holds one connection
SWEEP_EVERY = 3600.0  # seconds between two sweeps of unfinished uploads; checks run far more often
SWEEP_WAIT = 1.0  # seconds; the thread continues in the background, and a check must not fail because of it
RETRIES = 5  # per request, after 0, 0.5, 1, 2 and 4 s

log = structlog.get_logger()


class S3Store:
    def __init__(
        self,
        *,
        endpoint: str,
        bucket: str,
        region: str,
        access_key: str,
        secret_key: str,
        public_endpoint: str = "",
        retries: int = RETRIES,
    ) -> None:
        address(public_endpoint or endpoint)
        self._bucket = Bucket(
            endpoint=endpoint,
            name=bucket,
            region=region,
            access_key=access_key,
            secret_key=secret_key,
            retries=retries,
            connections=THREADS,
        )
        self._form_url = f"{(public_endpoint or endpoint).rstrip('/')}/{bucket}"
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="s3")
        self._sweep_due = 0.0  # by the monotonic clock

    async def put_bytes(self, key: str, data: bytes, content_type: str) -> ObjectInfo:
        checked(key)
        return await stoppable(
            lambda stop: self._bucket.put(key, io.BytesIO(data), len(data), content_type, stop), self._threads
        )

    async def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        checked(key)

        def run(stop: Event) -> ObjectInfo:
            with path.open("rb") as file:
                return self._bucket.put(key, file, os.fstat(file.fileno()).st_size, content_type, stop)

        return await stoppable(run, self._threads)

    async def adopt_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        if not os.path.lexists(path) and (stored := await self.stat(key)):
            return stored
        if path.is_symlink():
            raise ValueError(f"{path} is not a plain file.")
        info = await self.put_file(key, path, content_type)
        path.unlink(missing_ok=True)  # may have been deleted during the upload
        return info

    async def get_bytes(self, key: str) -> bytes:
        checked(key)
        return await stoppable(
            lambda stop: b"".join(self._bucket.read(self._bucket.head(key), stop)), self._threads
        )

    async def fetch(self, key: str, to: Path) -> ObjectInfo:
        checked(key)

        def run(stop: Event) -> ObjectInfo:
            head = self._bucket.head(key)
            with landing_at(to):
                write_whole(
                    temporary_beside(to),
                    lambda file: file.writelines(self._bucket.read(head, stop)),
                    lambda draft: rename(draft, to),
                )
            return head.info

        return await stoppable(run, self._threads)

    async def stream(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        checked(key)
        ended = Event()
        head = await stoppable(lambda _stop: self._bucket.head(key), self._threads)
        pieces = self._bucket.read(head, ended, start, length)
        try:
            while piece := await stoppable(lambda _stop: next(pieces, b""), self._threads):
                yield piece
        finally:
            ended.set()
            with suppress(ValueError):  # a cancelled thread is still running it, and stops by itself
                pieces.close()

    async def stat(self, key: str) -> ObjectInfo | None:
        checked(key)
        try:
            return (await stoppable(lambda _stop: self._bucket.head(key), self._threads)).info
        except ObjectMissing:
            return None

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        found = self._bucket.list(checked_prefix(prefix))
        while page := await stoppable(lambda _stop: tuple(islice(found, PAGE)), self._threads):
            for item in page:
                yield item

    async def delete(self, key: str) -> None:
        checked(key)
        await stoppable(lambda _stop: self._bucket.remove(key), self._threads)

    async def delete_prefix(self, prefix: str) -> int:
        checked_folder(prefix)
        return await stoppable(lambda _stop: self._bucket.remove_all(prefix), self._threads)

    def local_path(self, key: str) -> Path | None:
        checked(key)
        return None

    async def presigned_form(
        self, key: str, *, max_bytes: int, expires_at: datetime, content_type: str | None
    ) -> UploadForm | None:
        fields = {"key": checked(key)}
        if content_type:
            fields["Content-Type"] = content_type
        return UploadForm(self._form_url, self._bucket.form(fields, max_bytes, expires_at))

    async def free_bytes(self) -> int | None:
        return None  # S3 has no such request

    async def check(self) -> None:
        await stoppable(lambda _stop: self._bucket.require(), self._threads)
        key, data = CHECKS + secrets.token_hex(8), secrets.token_bytes(64)
        written = await self.put_bytes(key, data, "application/octet-stream")
        if await self.get_bytes(key) != data:
            raise StoreUnavailable("The object store returns other bytes than were stored.")
        await self.delete(key)
        await self._sweep(written.modified)

    async def create(self) -> None:
        await stoppable(lambda _stop: self._bucket.make(), self._threads)

    async def holds_objects(self) -> bool:
        def run(_stop: Event) -> bool:
            return any(not item.key.startswith(CHECKS) for item in islice(self._bucket.list(""), PAGE))

        return await stoppable(run, self._threads)

    async def _sweep(self, now: datetime) -> None:
        """Abort multipart uploads of dead processes. A store that refuses this stays usable."""
        if monotonic() < self._sweep_due:
            return
        self._sweep_due = monotonic() + SWEEP_EVERY
        before = now - STALE

        def run(_stop: Event) -> None:
            for prefix in (ORIGINALS, VIDEOS):  # the bucket may hold objects of others
                self._bucket.abort_uploads(prefix, before)

        try:
            async with asyncio.timeout(SWEEP_WAIT):
                await stoppable(run, self._threads)
        except (StoreError, ValueError, TimeoutError) as error:
            log.warning("multipart upload sweep failed", reason=str(error))

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._bucket.close()
