"""S3 error codes mapped to store errors. Codes of AWS, MinIO, Garage, SeaweedFS and Ceph."""

from storage.objects.store import (
    BucketMissing,
    ObjectMissing,
    StoreError,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
)

MISSING = {"NoSuchKey", "NoSuchObject", "NoSuchVersion"}
FULL = {"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientStorage"}
TRANSIENT = {"RequestTimeout", "SlowDown", "TooManyRequests", "NoSuchUpload", "IncompleteBody", "BadDigest"}
ACCESS_DENIED = {
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "AllAccessDisabled",
    "Forbidden",
}
SKEWED = {"RequestTimeTooSkewed", "RequestExpired", "InvalidDate", "RequestNotReadyYet"}


def store_error(key: str, code: str, status: int, message: str) -> StoreError:
    if code in FULL or status == 507:
        return StoreFull("There is no room left in the object store.")
    if code in MISSING:
        return ObjectMissing(f"There is no object {key}.")
    if code == "NoSuchBucket":
        return BucketMissing("The bucket is missing from the object store.")
    if code in ACCESS_DENIED:
        return StoreRefused(f"The object store does not accept the access key ({code}).")
    if code in SKEWED:
        return StoreRefused(f"The object store does not accept the clock of this machine ({code}).")
    if status in (401, 403):
        return StoreRefused(
            f"The object store does not accept the access key ({status} {code}).".replace(" )", ")")
        )
    kind = StoreUnavailable if status >= 500 or status in (408, 429) or code in TRANSIENT else StoreError
    return kind(f"The object store answered {status} {code} {message}".rstrip(" .") + ".")
