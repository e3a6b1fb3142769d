"""Local files that become objects: part of the contract of both stores."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from storage.objects.store import ObjectInfo, ObjectStore
from tests.integration.storage.test_object_stores import KIND, names


async def test_put_file_leaves_the_file_and_adopt_takes_it(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"lecture")
    assert (await store.put_file("a/put", source, KIND)).size == 7
    assert source.exists()
    assert (await store.adopt_file("a/adopted", source, KIND)).size == 7
    assert not source.exists()
    assert await store.get_bytes("a/put") == await store.get_bytes("a/adopted") == b"lecture"


async def test_adopting_twice_is_adopting_once(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"lecture")
    await store.adopt_file("a/b", source, KIND)
    assert (await store.adopt_file("a/b", source, KIND)).size == 7  # after a crash, say
    with pytest.raises(FileNotFoundError):
        await store.adopt_file("a/other", source, KIND)
    with pytest.raises(FileNotFoundError):
        await store.put_file("a/other", source, KIND)
    assert await names(store) == ["a/b"]


async def test_a_file_may_be_dropped_while_it_is_adopted(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = store.put_file

    async def dropped_meanwhile(key: str, path: Path, content_type: str) -> ObjectInfo:
        info = await put(key, path, content_type)
        path.unlink()
        return info

    monkeypatch.setattr(store, "put_file", dropped_meanwhile)
    with TemporaryDirectory(dir="/dev/shm") as name:  # another file system: a folder has to copy too
        source = Path(name, "source")
        source.write_bytes(b"lecture")
        assert (await store.adopt_file("a/b", source, KIND)).size == 7
    assert await store.get_bytes("a/b") == b"lecture"


async def test_no_link_is_adopted(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(ValueError, match="not a plain file"):
        await store.adopt_file("a/b", tmp_path / "link", KIND)
    assert await names(store) == []
    assert (tmp_path / "secret").exists()
