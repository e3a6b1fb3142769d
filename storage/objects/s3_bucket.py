"""Blocking access to one bucket through the minio client; raises store errors.

Uses only what all S3 stores have: path-style addresses, signature 4, multipart, POST policies. No
ACLs, no tags, no bucket policies. The bucket stays private.
"""

import ssl
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import islice
from threading import Event
from typing import BinaryIO, cast
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

import msgspec
import urllib3
from minio import Minio
from minio.datatypes import Object, PostPolicy
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from minio.helpers import check_bucket_name

from storage.objects.files import StoppableReader, Stopped
from storage.objects.s3_answers import store_error
from storage.objects.store import BucketMissing, ObjectInfo, ObjectMissing, StoreUnavailable

PAGE = 1000  # objects listed or deleted per request, S3's limit
PIECE = 256 * 1024  # bytes read at a time
PART = 16 * 2**20  # bytes; two parts are in memory while a large object is sent
PARTS = 9_000  # S3 allows 10,000
TIMEOUT = urllib3.Timeout(connect=5, read=60)


class Head(msgspec.Struct, frozen=True):
    info: ObjectInfo
    etag: str


class Bucket:
    def __init__(
        self,
        *,
        endpoint: str,
        name: str,
        region: str,
        access_key: str,
        secret_key: str,
        retries: int,
        connections: int,
    ) -> None:
        secure, host = address(endpoint)
        check_bucket_name(name)
        if not access_key or not secret_key:
            raise ValueError("The S3 store needs both an access key and a secret key.")
        self.name, self.retries = name, retries
        self._connections = _connections(connections, retries, secure=secure)
        self._client = Minio(
            host,
            access_key,
            secret_key,
            secure=secure,
            region=region,  # set, so that no request asks for the bucket's location
            http_client=self._connections,
        )
        self._client.disable_virtual_style_endpoint()

    def put(self, key: str, file: BinaryIO, size: int, content_type: str, stop: Event) -> ObjectInfo:
        with _errors(key):
            written = self._client.put_object(
                self.name,
                key,
                cast(BinaryIO, StoppableReader(file, stop)),
                size,
                content_type,
                part_size=max(PART, -(-size // PARTS)),
                num_parallel_uploads=1,  # each part in flight is held in memory
            )
        try:
            kept = self.head(key)
        except ObjectMissing:
            kept = None
        replaced = kept and written.etag and kept.etag != written.etag  # by a later writer, so complete
        if kept is None or (kept.info.size != size and not replaced):
            raise StoreUnavailable(f"The object store did not keep all {size} bytes of {key}.")
        return kept.info

    def head(self, key: str) -> Head:
        with _errors(key):
            found = self._client.stat_object(self.name, key)
        return Head(_info(key, found), found.etag or "")

    def read(
        self, head: Head, stop: Event, start: int = 0, length: int | None = None
    ) -> Generator[bytes, None, None]:
        """Byte range of an object; resumes where a connection broke."""
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

    def _answer(self, head: Head, start: int, end: int) -> Iterator[bytes]:
        """Byte range from one GET; raises StoreUnavailable when it is incomplete."""
        key = head.info.key
        with _errors(key):
            answer = self._client.get_object(self.name, key, offset=start, length=end - start)
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
            raise StoreUnavailable(f"The object store sent only a part of {key}, or {key} has changed.")

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        with _errors(prefix):
            for found in self._client.list_objects(self.name, prefix=prefix, recursive=True):
                yield _info(found.object_name or "", found)

    def require(self) -> None:
        """Raise BucketMissing: some stores create a bucket with the first object that is put."""
        with _errors(self.name):
            if not self._client.bucket_exists(self.name):
                raise BucketMissing(f"There is no bucket {self.name} in the object store.")

    def make(self) -> None:
        """Create the bucket if it does not exist."""
        with _errors(self.name):
            if self._client.bucket_exists(self.name):
                return
            try:
                self._client.make_bucket(self.name)
            except S3Error as error:
                if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                    raise

    def remove(self, key: str) -> None:
        """Idempotent."""
        with suppress(ObjectMissing), _errors(key):
            self._client.remove_object(self.name, key)

    def remove_all(self, prefix: str) -> int:
        """Returns the number of objects deleted."""
        deleted, found = 0, self.list(prefix)
        while page := [DeleteObject(item.key) for item in islice(found, PAGE)]:
            with _errors(prefix):
                for problem in self._client.remove_objects(self.name, page):
                    raise StoreUnavailable(f"{problem.name} could not be deleted: {problem.message}.")
            deleted += len(page)
        return deleted

    def abort_uploads(self, prefix: str, begun_before: datetime) -> None:
        """Abort stale multipart uploads, whose parts no object listing shows; at most one page per call.

        The client has no public call for it: lifecycle rules would replace those of the bucket's
        owner, and not every store applies them.
        """
        with _errors(prefix):
            page = self._client._list_multipart_uploads(self.name, prefix=prefix, max_uploads=PAGE)
            for upload in page.uploads:
                if upload.upload_id and upload.initiated_time and upload.initiated_time < begun_before:
                    self._abort(upload.object_name, upload.upload_id)

    def _abort(self, key: str, upload_id: str) -> None:
        try:
            self._client._abort_multipart_upload(self.name, key, upload_id)
        except S3Error as error:
            if error.code != "NoSuchUpload":  # completed or aborted meanwhile
                raise

    def form(self, fields: dict[str, str], max_bytes: int, expires: datetime) -> dict[str, str]:
        """Form fields with a POST policy that allows exactly `fields` and at most `max_bytes`."""
        policy = PostPolicy(self.name, expires)
        for name, value in fields.items():
            policy.add_equals_condition(name, value)
        policy.add_content_length_range_condition(1, max_bytes)
        return fields | self._client.presigned_post_policy(policy)

    def close(self) -> None:
        self._connections.clear()


def _info(key: str, found: Object) -> ObjectInfo:
    if found.last_modified is None:
        raise StoreUnavailable(f"The object store does not say when {key} was stored.")
    return ObjectInfo(key=key, size=found.size or 0, modified=found.last_modified)


def _connections(size: int, retries: int, *, secure: bool) -> urllib3.PoolManager:
    return urllib3.PoolManager(
        maxsize=size,
        timeout=TIMEOUT,
        retries=urllib3.Retry(
            total=retries,
            backoff_factor=0.25,
            status_forcelist=(500, 502, 503, 504),
            raise_on_status=False,  # the last response is more specific than "too many retries"
            respect_retry_after_header=False,  # our own callers are waiting
        ),
        # The system's CA certificates, so that an institution's own CA is trusted.
        ssl_context=ssl.create_default_context() if secure else None,
    )


def address(endpoint: str) -> tuple[bool, str]:
    """Endpoint URL split into (uses TLS, host:port). Raises ValueError."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
        raise ValueError(f"The S3 address should look like http://minio:9000, not {endpoint!r}.")
    return parts.scheme == "https", parts.netloc


@contextmanager
def _errors(key: str) -> Iterator[None]:
    """Translate minio and urllib3 errors into store errors."""
    try:
        yield
    except S3Error as error:
        raise store_error(key, error.code or "", error.response.status, error.message or "") from error
    except ServerError as error:
        raise store_error(key, "", error.status_code, str(error)) from error
    except InvalidResponseError as error:  # not an S3 response, such as a proxy's error page
        raise store_error(key, "", 503, str(error)[:300]) from error
    except (MinioException, urllib3.exceptions.HTTPError, ParseError, OSError) as error:
        raise StoreUnavailable(f"The object store cannot be reached: {error}") from error
