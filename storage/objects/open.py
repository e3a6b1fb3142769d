"""Object store selected by the settings."""

from pathlib import Path

import msgspec

from storage.objects.folder import FolderStore
from storage.objects.store import ObjectStore


class StoreConfig(msgspec.Struct, frozen=True):
    """Object store settings: S3 when `s3_endpoint` is set, else a folder."""

    folder: Path
    s3_endpoint: str = ""  # http://minio:9000
    s3_bucket: str = "skillstudio"
    s3_region: str = "us-east-1"
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_public_endpoint: str = ""  # as upload clients reach it; empty: s3_endpoint

    def __repr__(self) -> str:
        return f"StoreConfig({self.s3_endpoint or self.folder})"  # without the keys: this is logged


def open_store(config: StoreConfig, retries: int | None = None) -> ObjectStore:
    """Does not connect; `check()` does. `retries`: of a request to S3, by default those of the store.

    Raises ValueError for invalid settings.
    """
    if not config.s3_endpoint:
        return FolderStore(config.folder)
    from storage.objects.s3 import RETRIES, S3Store  # loads minio only where it is used

    return S3Store(
        endpoint=config.s3_endpoint,
        bucket=config.s3_bucket,
        region=config.s3_region,
        access_key=config.s3_access_key,
        secret_key=config.s3_secret_key,
        public_endpoint=config.s3_public_endpoint,
        retries=RETRIES if retries is None else retries,
    )
