"""put_file and adopt_file on both stores: part of the object store contract."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from storage.objects.store import ObjectInfo, ObjectStore
from tests.integration.storage.test_object_stores import KIND, stored_keys


async def test_put_file_keeps_and_adopt_file_removes_the_source(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"lecture")
    assert (await store.put_file("a/put", source, KIND)).size == 7
    assert source.exists()
    assert (await store.adopt_file("a/adopted", source, KIND)).size == 7
    assert not source.exists()
    assert await store.get_bytes("a/put") == await store.get_bytes("a/adopted") == b"lecture"


async def test_adopt_file_is_idempotent(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"lecture")
    await store.adopt_file("a/b", source, KIND)
    assert (await store.adopt_file("a/b", source, KIND)).size == 7  # a retry after a crash
    with pytest.raises(FileNotFoundError):
        await store.adopt_file("a/other", source, KIND)
    with pytest.raises(FileNotFoundError):
        await store.put_file("a/other", source, KIND)
    assert await stored_keys(store) == ["a/b"]


async def test_source_may_be_deleted_during_adopt_file(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = store.put_file

    async def put_then_delete_source(key: str, path: Path, content_type: str) -> ObjectInfo:
        info = await put(key, path, content_type)
        path.unlink()
        return info

    monkeypatch.setattr(store, "put_file", put_then_delete_source)
    with TemporaryDirectory(dir="/dev/shm") as name:  # another file system: the folder store has to copy, too
        source = Path(name, "source")
        source.write_bytes(b"lecture")
        assert (await store.adopt_file("a/b", source, KIND)).size == 7
    assert await store.get_bytes("a/b") == b"lecture"


async def test_adopt_file_refuses_a_symbolic_link(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(ValueError, match="not a plain file"):
        await store.adopt_file("a/b", tmp_path / "link", KIND)
    assert await stored_keys(store) == []
    assert (tmp_path / "secret").exists()
