import pytest

from storage.objects.s3_answers import meaning
from storage.objects.store import ObjectMissing, StoreError, StoreFull, StoreUnavailable


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("NoSuchKey", 404, ObjectMissing),
        ("XMinioStorageFull", 507, StoreFull),
        ("", 507, StoreFull),
        ("QuotaExceeded", 403, StoreFull),  # not a wrong key, though the status says so
        ("SlowDown", 503, StoreUnavailable),
        ("", 502, StoreUnavailable),
        ("", 429, StoreUnavailable),
        ("NoSuchUpload", 404, StoreUnavailable),  # a multipart that the store forgot: send it again
        ("NoSuchBucket", 404, StoreUnavailable),
        ("SignatureDoesNotMatch", 403, StoreError),
        ("InvalidArgument", 400, StoreError),
    ],
)
def test_what_an_answer_means(code: str, status: int, kind: type[StoreError]) -> None:
    found = meaning("a/b", code, status, "Something.")
    assert type(found) is kind
    assert str(found).endswith(".")
    assert ".." not in str(found)
