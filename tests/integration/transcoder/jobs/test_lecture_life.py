"""Life cycle of a lecture from upload to ready, failed or cancelled, through real workers."""

import time
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from storage.database.tables import Job, Lesson
from storage.objects import keys
from storage.objects.open import StoreConfig
from storage.objects.s3 import S3Store
from storage.states import JobState, VideoStatus
from tests.fixtures.objects import S3Server
from tests.fixtures.waiting import wait_until
from tests.fixtures.workers import FAST_TIMING, WorkerCluster
from transcoder.jobs import api as jobs
from transcoder.media import ChunkResult
from transcoder.worker.context import utc_now

pytestmark = pytest.mark.media


async def lesson(cluster: WorkerCluster, lesson_id: str) -> Lesson:
    async with cluster.database.read() as session:
        return await session.get_one(Lesson, lesson_id)


async def test_first_revision_is_playable_while_encoding(
    cluster: WorkerCluster, clip: Path, lesson_id: str
) -> None:
    """No worker of the transcode queue runs yet."""
    await cluster.start("quick", timing=FAST_TIMING)
    video = await cluster.submit(clip, lesson_id)

    async def visible() -> bool:
        return (await lesson(cluster, lesson_id)).video_id == video.id

    await wait_until(visible, 60)
    assert (await cluster.video(video.id)).state == "encoding"
    await cluster.start("transcode", timing=FAST_TIMING)
    await cluster.wait_for_state(video.id, "ready")


async def test_cancel_stops_encoders_and_deletes_objects(
    cluster: WorkerCluster, slow_clip: Path, lesson_id: str
) -> None:
    _, worker = await cluster.start("quick", "transcode")
    video = await cluster.submit(slow_clip, lesson_id)
    await cluster.wait_for_chunk(video.id, worker)
    asked = time.monotonic()
    await jobs.cancel(cluster.database, cluster.store, video.id, utc_now())

    async def quiet() -> bool:
        return not any(process.encoders() for process in cluster.workers)

    await wait_until(quiet, 5, worker.log_text)
    assert time.monotonic() - asked < 5

    async def lease_lost() -> bool:
        return "lease lost" in worker.log_text()

    await wait_until(lease_lost, 5, worker.log_text)
    assert await cluster.store.stat(video.source_key) is None

    async def nothing_left() -> bool:
        """The other worker may hold a job, too, and learns of the end with its next heartbeat."""
        attempts = [path for path in cluster.folder.glob("scratch/jobs/*/*") if path.name != ".lock"]
        return not attempts and not await cluster.objects(video.id)

    await wait_until(nothing_left, 15, worker.log_text)
    assert (await lesson(cluster, lesson_id)).video_status is None


async def test_failed_upload_leaves_the_current_revision(
    cluster: WorkerCluster, tone: Path, lesson_id: str, tmp_path: Path
) -> None:
    await cluster.start("quick", "transcode", timing=FAST_TIMING)
    first = await cluster.wait_for_state((await cluster.submit(tone, lesson_id)).id, "ready")
    before, objects = await lesson(cluster, lesson_id), await cluster.objects(first.id)
    text = tmp_path / "lecture.mp4"
    text.write_text("Not a lecture.")
    second = await cluster.wait_for_state((await cluster.submit(text, lesson_id)).id, "failed")
    assert second.error
    now = await lesson(cluster, lesson_id)
    assert (now.video_id, now.video_status, now.video_hls_url) == (first.id, "ready", before.video_hls_url)
    assert await cluster.objects(first.id) == objects
    with pytest.raises(jobs.NotPossible):
        await jobs.retry(cluster.database, cluster.queue, second.id, utc_now())


async def test_retry_resumes_from_finished_parts(cluster: WorkerCluster, clip: Path, lesson_id: str) -> None:
    """The original was missing for a while."""
    quick, *_ = await cluster.start("quick", timing=FAST_TIMING)
    video = await cluster.submit(clip, lesson_id)

    async def begun() -> bool:
        done = [job.kind for job in await cluster.jobs_of(video.id) if job.state == JobState.DONE]
        return sorted(done) == ["audio", "chunk", "prepare"]

    await wait_until(begun, 60, quick.log_text)
    original = cluster.store.local_path(video.source_key)
    assert original
    moved = original.rename(original.with_name("moved"))
    await cluster.start("transcode", timing=FAST_TIMING)
    failed = await cluster.wait_for_state(video.id, "failed")
    assert failed.error
    assert (await lesson(cluster, lesson_id)).video_status == VideoStatus.FAILED

    moved.rename(original)
    await jobs.retry(cluster.database, cluster.queue, video.id, utc_now())
    await cluster.wait_for_state(video.id, "ready")
    first = next(job for job in await cluster.jobs_of(video.id, "chunk") if job.number == 0)
    assert (first.fence, first.attempts) == (1, 1)
    await cluster.assert_no_leftovers(video.id)


async def test_lost_parts_are_encoded_again(cluster: WorkerCluster, clip: Path, lesson_id: str) -> None:
    """A segment of the first chunk is missing when the finish job runs."""
    await cluster.start("quick", timing=FAST_TIMING)
    video = await cluster.submit(clip, lesson_id)

    async def stored() -> bool:
        return keys.segment(video.id, "180p", 0, 1) in await cluster.objects(video.id)

    await wait_until(stored, 60)
    await cluster.store.delete(keys.segment(video.id, "180p", 0, 1))
    await cluster.start("transcode", timing=FAST_TIMING)
    async with cluster.sweeping():
        await cluster.wait_for_state(video.id, "ready")
    first = next(job for job in await cluster.jobs_of(video.id, "chunk") if job.number == 0)
    assert first.fence == 2
    await cluster.assert_no_leftovers(video.id)


async def test_parts_that_do_not_fit_fail_and_are_encoded_again(
    cluster: WorkerCluster, clip: Path, lesson_id: str
) -> None:
    """Init segments differ, as with different versions of FFmpeg on two workers."""
    quick, *_ = await cluster.start("quick", timing=FAST_TIMING)
    video = await cluster.submit(clip, lesson_id)

    async def first_chunk() -> bool:
        return any(job.state == JobState.DONE for job in await cluster.jobs_of(video.id, "chunk"))

    await wait_until(first_chunk, 60, quick.log_text)
    async with cluster.database.write() as session:
        job = (
            await session.scalars(
                select(Job)
                .where(Job.video_id == video.id, Job.result.is_not(None))
                .where(Job.kind == "chunk")
            )
        ).one()
        result = msgspec.convert(job.result, ChunkResult)
        other = tuple(msgspec.structs.replace(part, init_sha256="other") for part in result.parts)
        job.result = msgspec.to_builtins(msgspec.structs.replace(result, parts=other))
    await cluster.start("transcode", timing=FAST_TIMING)
    failed = await cluster.wait_for_state(video.id, "failed")
    assert "different headers" in str(failed.error)

    await jobs.retry(cluster.database, cluster.queue, video.id, utc_now())
    await cluster.wait_for_state(video.id, "ready")
    await cluster.assert_no_leftovers(video.id)


async def test_workers_without_a_shared_folder(
    cluster: WorkerCluster, s3_server: S3Server, s3_store: S3Store, clip: Path, lesson_id: str
) -> None:
    """With an S3 store and a separate machine for each worker, no folder is shared."""
    config = StoreConfig(
        folder=Path("/nowhere"),
        s3_endpoint=s3_server.endpoint,
        s3_bucket=s3_server.bucket,
        s3_access_key=s3_server.access_key,
        s3_secret_key=s3_server.secret_key,
    )
    site = cluster.on_store(config, s3_store)
    (quick,) = await site.on_machine("one").start("quick")
    (transcode,) = await site.on_machine("two").start("transcode")
    video = await site.submit(clip, lesson_id)
    await site.wait_for_state(video.id, "ready")
    await site.assert_no_leftovers(video.id)
    assert "job done" in quick.log_text()
    assert "job done" in transcode.log_text()
    ours = [line for line in transcode.log_text().splitlines() if '"job done"' in line]
    assert all(f'"video": "{video.id}"' in line and '"job":' in line for line in ours)
