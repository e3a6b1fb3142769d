"""The store that the settings name."""

from pathlib import Path

import msgspec

from storage.objects.folder import FolderStore
from storage.objects.store import ObjectStore


class StoreConfig(msgspec.Struct, frozen=True):
    """Where the bytes are kept: an S3 store when `s3_endpoint` says so, else a folder."""

    folder: Path
    s3_endpoint: str = ""  # http://minio:9000
    s3_bucket: str = "skillstudio"
    s3_region: str = "us-east-1"
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_public_endpoint: str = ""  # as upload clients reach it; empty: s3_endpoint

    def __repr__(self) -> str:
        return f"StoreConfig({self.s3_endpoint or self.folder})"  # without the keys: this lands in logs


def open_store(config: StoreConfig) -> ObjectStore:
    """Connects to nothing yet: `check()` does. Raises ValueError for settings that cannot work."""
    if not config.s3_endpoint:
        return FolderStore(config.folder)
    from storage.objects.s3 import S3Store  # minio is only loaded where it is used

    return S3Store(
        endpoint=config.s3_endpoint,
        bucket=config.s3_bucket,
        region=config.s3_region,
        access_key=config.s3_access_key,
        secret_key=config.s3_secret_key,
        public_endpoint=config.s3_public_endpoint,
    )
