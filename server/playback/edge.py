"""The edge folder (in the making)."""

from pathlib import Path

from storage.objects.store import ObjectMissing, ObjectStore


class EdgeCache:
    def __init__(self, store: ObjectStore, folder: Path, max_bytes: int) -> None:
        self.store = store

    async def path(self, key: str) -> Path:
        path = self.store.local_path(key)
        if path is None:
            raise ObjectMissing(key)
        return path
