"""Objects in one bucket of an S3 store: MinIO, its fork Silo, Garage, SeaweedFS, Ceph, AWS.

Only what all of them have: path-style addresses, signature 4, multipart, POST policies. No
ACLs, no tags, no bucket policies. The bucket stays private.
"""

import io
import os
import secrets
import ssl
from collections.abc import AsyncIterator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from threading import Event
from typing import BinaryIO, cast
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

import msgspec
import urllib3
from minio import Minio
from minio.datatypes import PostPolicy
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from minio.helpers import check_bucket_name

from storage.objects.files import (
    StoppableReader,
    Stopped,
    landing_at,
    rename,
    stoppable,
    temporary_beside,
    write_whole,
)
from storage.objects.keys import checked, checked_folder, checked_prefix
from storage.objects.s3_answers import meaning
from storage.objects.store import (
    ObjectInfo,
    ObjectMissing,
    StoreUnavailable,
    UploadForm,
)

THREADS = 16  # calls at a time; each holds one connection
PAGE = 1000  # objects listed or deleted in one request, S3's own limit
PIECE = 256 * 1024  # bytes read at a time
PART = 16 * 2**20  # bytes; two of these are in memory while a large object is sent
PARTS = 9_000  # S3 takes 10,000
TIMEOUT = urllib3.Timeout(connect=5, read=60)
RETRIES = 5  # per request, after 0, 0.5, 1, 2 and 4 s


class _Head(msgspec.Struct, frozen=True):
    info: ObjectInfo
    etag: str


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
        secure, host = _address(endpoint)
        _address(public_endpoint or endpoint)
        check_bucket_name(bucket)
        if not access_key or not secret_key:
            raise ValueError("The S3 store needs both an access key and a secret key.")
        self.bucket, self.retries = bucket, retries
        self._form_url = f"{(public_endpoint or endpoint).rstrip('/')}/{bucket}"
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="s3")
        self._connections = urllib3.PoolManager(
            maxsize=THREADS,
            timeout=TIMEOUT,
            retries=urllib3.Retry(
                total=retries,
                backoff_factor=0.25,
                status_forcelist=(500, 502, 503, 504),
                raise_on_status=False,  # the last answer says more than "too many retries"
                respect_retry_after_header=False,  # we are the ones who are waited for
            ),
            # The system's authorities, so that an institution's own one counts.
            ssl_context=ssl.create_default_context() if secure else None,
        )
        self._client = Minio(
            host,
            access_key,
            secret_key,
            secure=secure,
            region=region,  # given, so that no request asks for the bucket's location
            http_client=self._connections,
        )
        self._client.disable_virtual_style_endpoint()

    async def put_bytes(self, key: str, data: bytes, content_type: str) -> ObjectInfo:
        checked(key)
        return await stoppable(
            lambda stop: self._put(key, io.BytesIO(data), len(data), content_type, stop), self._threads
        )

    async def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        checked(key)

        def run(stop: Event) -> ObjectInfo:
            with path.open("rb") as file:
                return self._put(key, file, os.fstat(file.fileno()).st_size, content_type, stop)

        return await stoppable(run, self._threads)

    async def adopt_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        if not os.path.lexists(path) and (stored := await self.stat(key)):
            return stored
        if path.is_symlink():
            raise ValueError(f"{path} is not a plain file.")
        info = await self.put_file(key, path, content_type)
        path.unlink()
        return info

    async def get_bytes(self, key: str) -> bytes:
        checked(key)
        return await stoppable(lambda stop: b"".join(self._read(self._head(key), stop)), self._threads)

    async def fetch(self, key: str, to: Path) -> ObjectInfo:
        checked(key)

        def run(stop: Event) -> ObjectInfo:
            head = self._head(key)
            with landing_at(to):
                write_whole(
                    temporary_beside(to),
                    lambda file: file.writelines(self._read(head, stop)),
                    lambda draft: rename(draft, to),
                )
            return head.info

        return await stoppable(run, self._threads)

    async def stream(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        checked(key)
        ended = Event()
        head = await stoppable(lambda _stop: self._head(key), self._threads)
        pieces = self._read(head, ended, start, length)
        try:
            while piece := await stoppable(lambda _stop: next(pieces, b""), self._threads):
                yield piece
        finally:
            ended.set()
            with suppress(ValueError):  # a cancelled thread is still in it, and leaves by itself
                pieces.close()

    async def stat(self, key: str) -> ObjectInfo | None:
        checked(key)
        try:
            return (await stoppable(lambda _stop: self._head(key), self._threads)).info
        except ObjectMissing:
            return None

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        found = self._list(checked_prefix(prefix))
        while page := await stoppable(lambda _stop: tuple(islice(found, PAGE)), self._threads):
            for item in page:
                yield item

    async def delete(self, key: str) -> None:
        checked(key)

        def run(_stop: Event) -> None:
            with suppress(ObjectMissing), _errors(key):
                self._client.remove_object(self.bucket, key)

        await stoppable(run, self._threads)

    async def delete_prefix(self, prefix: str) -> int:
        checked_folder(prefix)

        def run(_stop: Event) -> int:
            deleted, found = 0, self._list(prefix)
            while page := [DeleteObject(item.key) for item in islice(found, PAGE)]:
                with _errors(prefix):
                    for problem in self._client.remove_objects(self.bucket, page):
                        raise StoreUnavailable(f"{problem.name} could not be deleted: {problem.message}.")
                deleted += len(page)
            return deleted

        return await stoppable(run, self._threads)

    def local_path(self, key: str) -> Path | None:
        checked(key)
        return None

    async def presigned_form(
        self, key: str, *, max_bytes: int, expires_in: timedelta, content_type: str | None
    ) -> UploadForm | None:
        policy = PostPolicy(self.bucket, datetime.now(UTC) + expires_in)
        fields = {"key": checked(key)}
        if content_type:
            fields["Content-Type"] = content_type
        for name, value in fields.items():
            policy.add_equals_condition(name, value)
        policy.add_content_length_range_condition(1, max_bytes)
        return UploadForm(self._form_url, fields | self._client.presigned_post_policy(policy))

    async def free_bytes(self) -> int | None:
        return None  # S3 has no such question

    async def check(self) -> None:
        await stoppable(lambda _stop: self._make_bucket(), self._threads)
        key, data = f"checks/{secrets.token_hex(8)}", secrets.token_bytes(64)
        await self.put_bytes(key, data, "application/octet-stream")
        if await self.get_bytes(key) != data:
            raise StoreUnavailable("The object store gives back other bytes than it was given.")
        await self.delete(key)

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._connections.clear()

    def _put(self, key: str, file: BinaryIO, size: int, content_type: str, stop: Event) -> ObjectInfo:
        with _errors(key):
            written = self._client.put_object(
                self.bucket,
                key,
                cast(BinaryIO, StoppableReader(file, stop)),
                size,
                content_type,
                part_size=max(PART, -(-size // PARTS)),
                num_parallel_uploads=1,  # memory: parts in flight are whole in it
            )
        try:
            kept = self._head(key)
        except ObjectMissing:
            kept = None
        replaced = kept and written.etag and kept.etag != written.etag  # by a later writer, so whole
        if kept is None or (kept.info.size != size and not replaced):
            raise StoreUnavailable(f"The object store did not keep all {size} bytes of {key}.")
        return kept.info

    def _head(self, key: str) -> _Head:
        with _errors(key):
            found = self._client.stat_object(self.bucket, key)
        modified = found.last_modified or datetime.now(UTC)
        return _Head(ObjectInfo(key=key, size=found.size or 0, modified=modified), found.etag or "")

    def _read(
        self, head: _Head, stop: Event, start: int = 0, length: int | None = None
    ) -> Generator[bytes, None, None]:
        """The bytes, going on where a broken connection left off."""
        end = head.info.size if length is None else min(head.info.size, start + length)
        failures = 0
        while start < end:
            try:
                for piece in self._answer(head, start, end):
                    if stop.is_set():
                        raise Stopped
                    start += len(piece)
                    failures = 0
                    yield piece
            except StoreUnavailable:
                failures += 1
                if failures > self.retries or stop.wait(0.25 * 2**failures):
                    raise

    def _answer(self, head: _Head, start: int, end: int) -> Iterator[bytes]:
        """One answer to one request; StoreUnavailable when it is not all of what was asked for."""
        key = head.info.key
        with _errors(key):
            answer = self._client.get_object(self.bucket, key, offset=start, length=end - start)
            try:
                whole = answer.headers.get("etag", "").strip('"') == head.etag and (
                    answer.status == 206 or start == 0
                )
                while whole and start < end:
                    piece = answer.read(min(PIECE, end - start), decode_content=False)
                    whole = bool(piece)
                    if piece:
                        start += len(piece)
                        yield piece
            finally:
                answer.close()
        if not whole:
            raise StoreUnavailable(f"The object store gave only a part of {key}, or another {key}.")

    def _list(self, prefix: str) -> Iterator[ObjectInfo]:
        with _errors(prefix):
            for found in self._client.list_objects(self.bucket, prefix=prefix, recursive=True):
                modified = found.last_modified or datetime.now(UTC)
                yield ObjectInfo(key=found.object_name or "", size=found.size or 0, modified=modified)

    def _make_bucket(self) -> None:
        with _errors(self.bucket):
            if self._client.bucket_exists(self.bucket):
                return
            try:
                self._client.make_bucket(self.bucket)
            except S3Error as error:
                if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                    raise


def _address(endpoint: str) -> tuple[bool, str]:
    """Whether TLS is spoken, and host:port. Raises ValueError."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
        raise ValueError(f"The S3 address should look like http://minio:9000, not {endpoint!r}.")
    return parts.scheme == "https", parts.netloc


@contextmanager
def _errors(key: str) -> Iterator[None]:
    """Turn minio's and urllib3's errors into the store's."""
    try:
        yield
    except S3Error as error:
        raise meaning(key, error.code or "", error.response.status, error.message or "") from error
    except ServerError as error:
        raise meaning(key, "", error.status_code, str(error)) from error
    except InvalidResponseError as error:  # no S3 answer: a proxy's page, say
        raise meaning(key, "", 503, str(error)[:300]) from error
    except (MinioException, urllib3.exceptions.HTTPError, ParseError, OSError) as error:
        raise StoreUnavailable(f"The object store cannot be reached: {error}") from error
