"""Scratch folder: originals fetched once, and cleanup after dead workers."""

import asyncio
import multiprocessing
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from storage.objects.folder import FolderStore
from storage.objects.store import ObjectInfo, ObjectMissing
from transcoder.worker.scratch import Scratch, ScratchBusy, ScratchFull


class DistantStore(FolderStore):
    """Store without local files, which counts its fetches."""

    fetched = 0

    def local_path(self, key: str) -> Path | None:
        return None

    async def fetch(self, key: str, to: Path) -> ObjectInfo:
        self.fetched += 1
        await asyncio.sleep(0.05)
        return await super().fetch(key, to)


@pytest.fixture
async def distant(tmp_path: Path) -> DistantStore:
    store = DistantStore(tmp_path / "objects")
    for name in ("a", "b", "c"):
        await store.put_bytes(f"originals/{name}.mp4", name.encode() * 100, "video/mp4")
    return store


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "originals").glob("*.mp4"))


async def test_workers_of_a_machine_share_one_fetch(distant: DistantStore, tmp_path: Path) -> None:
    machine = [Scratch(tmp_path / "scratch", 1000) for _ in range(3)]

    async def read(scratch: Scratch) -> bytes:
        async with scratch.original(distant, "originals/a.mp4", 100) as path:
            return path.read_bytes()

    assert set(await asyncio.gather(*map(read, machine))) == {b"a" * 100}
    assert distant.fetched == 1
    for scratch in machine:
        scratch.close()


async def test_least_recently_used_original_is_evicted(distant: DistantStore, tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "scratch", 250)
    for number, name in enumerate(("a", "b", "c")):
        async with scratch.original(distant, f"originals/{name}.mp4", 100) as path:
            os.utime(path, (number, number))
    assert len(left(tmp_path / "scratch")) == 2
    assert distant.fetched == 3
    async with scratch.original(distant, "originals/c.mp4", 100):
        assert distant.fetched == 3
    scratch.close()


async def test_original_in_use_is_not_evicted(distant: DistantStore, tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "scratch", 150)
    async with scratch.original(distant, "originals/a.mp4", 100) as path:
        with pytest.raises(ScratchBusy):
            async with scratch.original(distant, "originals/b.mp4", 100):
                pass
        assert path.read_bytes() == b"a" * 100
    with pytest.raises(ScratchFull, match="SKILLSTUDIO_SCRATCH_BYTES"):
        async with scratch.original(distant, "originals/b.mp4", 10_000):
            pass
    scratch.close()


async def test_missing_original_leaves_no_file(distant: DistantStore, tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "scratch", 1000)
    with pytest.raises(ObjectMissing):
        async with scratch.original(distant, "originals/x.mp4", 100):
            pass
    assert left(tmp_path / "scratch") == []
    scratch.close()


async def test_job_folder_is_deleted_with_the_job(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "scratch", 1000)
    with pytest.raises(ZeroDivisionError):
        async with scratch.job_folder("j", 1) as folder:
            (folder / "half.mp4").write_bytes(b"x")
            raise ZeroDivisionError
    assert not folder.exists()
    scratch.close()
    assert list((tmp_path / "scratch" / "jobs").iterdir()) == []


def _die_at_work(folder: Path) -> None:
    scratch = Scratch(folder, 1000)
    (scratch.own / "j.1").mkdir()
    (scratch.own / "j.1" / "half.mp4").write_bytes(b"x")
    os._exit(9)


async def test_next_job_deletes_folders_of_dead_workers(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "scratch", 1000)
    dead = multiprocessing.get_context("spawn").Process(target=_die_at_work, args=(tmp_path / "scratch",))
    dead.start()
    await asyncio.to_thread(dead.join)
    assert len(list((tmp_path / "scratch" / "jobs").iterdir())) == 2
    async with scratch.job_folder("k", 1):
        assert list((tmp_path / "scratch" / "jobs").iterdir()) == [scratch.own]
    scratch.close()


async def test_folder_into_which_a_thread_still_writes_does_not_stay(tmp_path: Path) -> None:
    """A cancelled job's thread goes on until its next file."""
    scratch = Scratch(tmp_path / "scratch", 1000)
    stop = time.monotonic() + 0.5

    def write(folder: Path) -> None:
        while time.monotonic() < stop:
            with suppress(OSError):  # it is being deleted
                (folder / "180p").mkdir(parents=True, exist_ok=True)

    async with scratch.job_folder("j", 1) as folder:
        writing = asyncio.create_task(asyncio.to_thread(write, folder))
        await asyncio.sleep(0.05)
    await writing
    async with scratch.job_folder("k", 1) as other:
        assert other.is_dir()
    assert [path.name for path in scratch.own.iterdir()] == [".lock"]
    scratch.close()
    assert list((tmp_path / "scratch" / "jobs").iterdir()) == []
