"""S3 error codes mapped to store errors."""

import pytest

from storage.objects.s3_answers import store_error
from storage.objects.store import (
    BucketMissing,
    ObjectMissing,
    StoreError,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("NoSuchKey", 404, ObjectMissing),
        ("XMinioStorageFull", 507, StoreFull),
        ("", 507, StoreFull),
        ("QuotaExceeded", 403, StoreFull),  # a full bucket, though the status suggests a wrong key
        ("SlowDown", 503, StoreUnavailable),
        ("", 502, StoreUnavailable),
        ("", 429, StoreUnavailable),
        ("NoSuchUpload", 404, StoreUnavailable),  # the store lost a multipart upload: worth a retry
        ("NoSuchBucket", 404, BucketMissing),
        ("SignatureDoesNotMatch", 403, StoreRefused),
        ("InvalidArgument", 400, StoreError),
    ],
)
def test_s3_error_maps_to_store_error(code: str, status: int, kind: type[StoreError]) -> None:
    found = store_error("a/b", code, status, "Something.")
    assert type(found) is kind
    assert str(found).endswith(".")
    assert ".." not in str(found)
