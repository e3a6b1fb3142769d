"""`skillstudio doctor --video … --repair` on real stores, by real workers."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from server.encoding.repair.commands import verify_video
from server.playback.published import Published, published
from server.settings import Settings
from storage import deletions
from storage.database.engine import Database
from storage.database.tables import Lesson, Video
from storage.objects import keys
from storage.objects.open import StoreConfig
from storage.objects.s3 import S3Store
from tests.fixtures.clips import make_clip
from tests.fixtures.database import on_both_databases
from tests.fixtures.objects import S3Server
from tests.fixtures.workers import FAST_TIMING, WorkerCluster
from transcoder.ffmpeg.tools import Tools
from transcoder.jobs import pruning
from transcoder.media import PublishedVideo
from transcoder.worker.context import utc_now

pytestmark = pytest.mark.media

Doctor = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def site(
    request: pytest.FixtureRequest, cluster: WorkerCluster, s3_server: S3Server, s3_store: S3Store
) -> AsyncIterator[WorkerCluster]:
    """Workers on a folder, or on S3 with the parameter "s3"."""
    site = cluster
    if getattr(request, "param", "folder") == "s3":
        config = StoreConfig(
            folder=cluster.folder / "unused",
            s3_endpoint=s3_server.endpoint,
            s3_bucket=s3_server.bucket,
            s3_access_key=s3_server.access_key,
            s3_secret_key=s3_server.secret_key,
        )
        site = cluster.on_store(config, s3_store)
    await site.start("quick", "transcode", timing=FAST_TIMING)
    async with site.sweeping():
        yield site


@pytest.fixture
def doctor(site: WorkerCluster, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Exit code and output of the command."""
    config = site.store_config
    settings = Settings(
        data=site.folder,
        database_url=site.database.url,
        queue_url=site.queue_url,
        s3_endpoint=config.s3_endpoint,
        s3_bucket=config.s3_bucket,
        s3_access_key=config.s3_access_key,
        s3_secret_key=config.s3_secret_key,
    )

    async def run(video_id: str, *, repair: bool = False) -> tuple[int, str]:
        capsys.readouterr()
        async with asyncio.timeout(120):
            code = await verify_video(settings, video_id, repair=repair)
        return code, capsys.readouterr().out

    return run


async def known_of(site: WorkerCluster, video: Video) -> Published:
    async with site.database.read() as session:
        found = await published(session, video.id)
    assert found
    return found


def path_of(known: Published, rendition: str, number: int) -> str:
    for part in known.parts(rendition):
        if any(segment.number == number for segment in part.segments):
            return f"{rendition}/{keys.segment_name(number, part.attempt)}"
    raise AssertionError(f"{rendition} has no segment {number}")


async def ready(site: WorkerCluster, file: Path) -> Video:
    return await site.wait_for_state((await site.submit(file)).id, "ready")


async def flip_a_bit(site: WorkerCluster, key: str) -> None:
    data = bytearray(await site.store.get_bytes(key))
    data[len(data) // 2] ^= 1
    await site.store.put_bytes(key, bytes(data), "video/mp4")


async def shorten(site: WorkerCluster, key: str) -> None:
    data = await site.store.get_bytes(key)
    await site.store.put_bytes(key, data[: len(data) // 2], "video/mp4")


async def decode(site: WorkerCluster, video: Video, rendition: str, tools: Tools, folder: Path) -> None:
    """Decode every segment of a rendition; FFmpeg stops at the first error."""
    known = await known_of(site, video)
    parts = known.parts(rendition)
    file = folder / f"{rendition}.mp4"
    names = [keys.init_name(parts[0].attempt)]
    names += [keys.segment_name(one.number, part.attempt) for part in parts for one in part.segments]
    file.write_bytes(
        b"".join([await site.store.get_bytes(f"{keys.video(video.id)}{rendition}/{name}") for name in names])
    )
    argv = [str(tools.ffmpeg), "-v", "error", "-xerror", "-i", str(file), "-f", "null", "-"]
    done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.long
@pytest.mark.parametrize(("site", "database"), [("folder", "postgresql"), ("s3", "sqlite")], indirect=True)
async def test_damaged_segments_are_named_and_mended(
    site: WorkerCluster, doctor: Doctor, clip: Path, tools: Tools, tmp_path: Path
) -> None:
    """A flipped bit, a missing and a shortened segment of a ready lecture, which stays ready."""
    video = await ready(site, clip)
    code, told = await doctor(video.id)
    assert (code, "No problems found." in told) == (0, True), told
    known, prefix = await known_of(site, video), keys.video(video.id)
    rotten, missing = path_of(known, "180p", 1), path_of(known, "180p", 3)
    cut = path_of(known, "audio", 2)
    await flip_a_bit(site, prefix + rotten)
    await site.store.delete(prefix + missing)
    await shorten(site, prefix + cut)

    code, told = await doctor(video.id)
    assert code == 1
    lines = [line for line in told.splitlines() if line.startswith("✗")]
    assert [line for line in lines if "rotten" in line and rotten in line and "from 0:06 to 0:12" in line]
    assert [line for line in lines if "missing" in line and missing in line and "from 0:18 to 0:20" in line]
    assert [line for line in lines if "cut" in line and cut in line and "from 0:12 to 0:18" in line]
    assert len(lines) == 3

    code, told = await doctor(video.id, repair=True)
    assert code == 0, told
    assert "Mended: 3 objects are whole again." in told
    assert (await site.video(video.id)).state == "ready"
    mended = await known_of(site, video)
    assert path_of(mended, "180p", 1) != rotten, "no cache may keep the old bytes"
    assert path_of(mended, "180p", 0) == path_of(known, "180p", 0), "what was whole is not made again"
    for rendition in ("180p", "audio"):
        await decode(site, video, rendition, tools, tmp_path)
    code, told = await doctor(video.id, repair=True)
    assert (code, "There is nothing to mend." in told) == (0, True), told
    await deletions.purge_due(site.database, site.store, utc_now())
    paths = {keys.path_in_video(key) for key in await site.objects(video.id)}
    assert not paths & {rotten, cut}
    assert not any(path.startswith("tiles/") for path in paths)


async def fences(site: WorkerCluster, video: Video) -> dict[tuple[str, int], int]:
    return {(job.kind, job.number): job.fence for job in await site.jobs_of(video.id, "chunk", "audio")}


@pytest.mark.parametrize("site", ["folder", "s3"], indirect=True)
async def test_damaged_images_alone_are_rebuilt(site: WorkerCluster, doctor: Doctor, clip: Path) -> None:
    video = await ready(site, clip)
    before, prefix = await fences(site, video), keys.video(video.id)
    names = [keys.POSTER, keys.THUMBNAIL, keys.STORYBOARD, "storyboard/000.jpg"]
    whole = {name: await site.store.get_bytes(prefix + name) for name in names}
    await flip_a_bit(site, prefix + keys.POSTER)
    await site.store.delete(prefix + keys.THUMBNAIL)
    await shorten(site, prefix + keys.STORYBOARD)
    await site.store.put_bytes(prefix + "storyboard/000.jpg", b"", "image/jpeg")
    code, told = await doctor(video.id)
    assert code == 1
    for line in ("poster: rotten", "thumbnail: missing", "index: cut", "sheet 1: empty"):
        assert line in told
    code, told = await doctor(video.id, repair=True)
    assert code == 0, told
    assert await fences(site, video) == before
    for name in names[:3]:
        assert await site.store.get_bytes(prefix + name) == whole[name], name
    assert len(await site.store.get_bytes(prefix + names[3])) == pytest.approx(len(whole[names[3]]), rel=0.2)


async def test_lecture_of_pruned_jobs_and_without_hashes(
    site: WorkerCluster, doctor: Doctor, clip: Path, tools: Tools, tmp_path: Path
) -> None:
    """A lecture of an earlier version, whose job rows are gone."""
    video = await ready(site, clip)
    async with site.database.write() as session:
        row = await session.get_one(Video, video.id)
        row.digests = None
    await pruning.prune(site.database, utc_now() + 2 * pruning.KEPT)
    assert await site.jobs_of(video.id) == []
    known, prefix = await known_of(site, video), keys.video(video.id)
    code, told = await doctor(video.id)
    assert code == 0, told
    assert "not checked by hash" in told
    old = path_of(known, "180p", 2)
    await shorten(site, prefix + old)
    await site.store.delete(f"{prefix}audio/{keys.init_name(known.parts('audio')[0].attempt)}")
    code, told = await doctor(video.id, repair=True)
    assert code == 0, told
    assert path_of(await known_of(site, video), "180p", 2) != old
    for rendition in ("180p", "audio"):
        await decode(site, video, rendition, tools, tmp_path)


async def test_original_without_index_is_indexed_again(
    site: WorkerCluster, doctor: Doctor, tmp_path: Path, tools: Tools
) -> None:
    video = await ready(site, make_clip(tmp_path / "recorder.ts", seconds=14))
    await deletions.purge_due(site.database, site.store, utc_now())
    known, prefix = await known_of(site, video), keys.video(video.id)
    await site.store.delete(prefix + path_of(known, "180p", 1))
    code, told = await doctor(video.id, repair=True)
    assert code == 0, told
    await decode(site, video, "180p", tools, tmp_path)
    await deletions.purge_due(site.database, site.store, utc_now())
    assert keys.normalised(video.id) not in await site.objects(video.id)


async def test_all_parts_are_made_again_when_the_encoder_is_another(
    site: WorkerCluster, doctor: Doctor, clip: Path, tools: Tools, tmp_path: Path
) -> None:
    """A rendition has one header, and another FFmpeg writes another one."""
    video = await ready(site, clip)
    known, prefix = await known_of(site, video), keys.video(video.id)
    async with site.database.write() as session:
        row = await session.get_one(Video, video.id)
        document = msgspec.to_builtins(PublishedVideo(known.chunks, known.audio))
        for part in (part for chunk in document["chunks"] for part in chunk["parts"]):
            part["init_sha256"] = "0" * 64
        row.published = document
    await site.store.delete(prefix + path_of(known, "180p", 1))
    before = await fences(site, video)
    code, told = await doctor(video.id, repair=True)
    assert code == 0, told
    assert all(fence > before[part] for part, fence in (await fences(site, video)).items())
    await decode(site, video, "180p", tools, tmp_path)


async def test_original_that_is_gone(site: WorkerCluster, doctor: Doctor, clip: Path) -> None:
    """The lecture stays as it is, and what can be made without the original is made."""
    video = await ready(site, clip)
    known, prefix = await known_of(site, video), keys.video(video.id)
    await site.store.delete(video.source_key)
    code, told = await doctor(video.id)
    assert (code, "original: missing" in told) == (1, True)
    await site.store.delete(prefix + path_of(known, "180p", 1))
    await site.store.delete(prefix + keys.STORYBOARD)
    code, told = await doctor(video.id, repair=True)
    assert code == 1
    assert await site.store.stat(prefix + keys.STORYBOARD)
    code, told = await doctor(video.id, repair=True)
    assert (code, "the original is gone: upload it again" in told) == (1, True), told
    row = await site.video(video.id)
    assert (row.state, row.mending) == ("ready", None)
    assert "damaged (0:06-0:12), and its original is gone" in str(row.damage)
    async with site.database.read() as session:
        assert (await session.get_one(Lesson, video.lesson_id)).video_id == video.id


@on_both_databases
async def test_repair_that_fails_says_why_and_can_be_repeated(
    site: WorkerCluster, doctor: Doctor, clip: Path, database: Database
) -> None:
    video = await ready(site, clip)
    known, prefix = await known_of(site, video), keys.video(video.id)
    await site.store.delete(prefix + path_of(known, "180p", 1))
    original = await site.store.get_bytes(video.source_key)
    await site.store.put_bytes(video.source_key, b"\0" * len(original), "video/mp4")
    code, told = await doctor(video.id, repair=True)
    assert (code, "Not mended" in told) == (1, True), told
    row = await site.video(video.id)
    assert (row.state, row.mending) == ("ready", None)
    assert row.damage
    await site.store.put_bytes(video.source_key, original, "video/mp4")
    code, told = await doctor(video.id, repair=True)
    assert code == 0, told
    assert (await site.video(video.id)).damage is None
