"""What an S3 store's refusals mean to us. Codes of AWS, MinIO, Garage, SeaweedFS and Ceph."""

from storage.objects.store import ObjectMissing, StoreError, StoreFull, StoreUnavailable

GONE = {"NoSuchKey", "NoSuchObject", "NoSuchVersion"}
FULL = {"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientStorage"}
PASSING = {"RequestTimeout", "SlowDown", "TooManyRequests", "NoSuchUpload", "IncompleteBody", "BadDigest"}
KEYS = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


def meaning(key: str, code: str, status: int, message: str) -> StoreError:
    if code in FULL or status == 507:
        return StoreFull("There is no room left in the object store.")
    if code in GONE:
        return ObjectMissing(f"There is no object {key}.")
    if code == "NoSuchBucket":
        return StoreUnavailable("The bucket is missing from the object store.")
    if code in KEYS:
        return StoreError(f"The object store does not accept the access key ({code}).")
    kind = StoreUnavailable if status >= 500 or status in (408, 429) or code in PASSING else StoreError
    return kind(f"The object store answered {status} {code} {message}".rstrip(" .") + ".")
