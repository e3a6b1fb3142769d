"""Life cycle of a lecture from upload to ready, failed or cancelled, through real workers."""

import time
from datetime import UTC, datetime
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
from tests.fixtures.workers import ATTENTIVE, Plant, until
from transcoder.jobs import api as jobs
from transcoder.media import ChunkResult

pytestmark = pytest.mark.media


async def lesson(plant: Plant, lesson_id: str) -> Lesson:
    async with plant.database.read() as session:
        return await session.get_one(Lesson, lesson_id)


async def test_first_revision_is_playable_while_encoding(plant: Plant, clip: Path, lesson_id: str) -> None:
    """No worker of the transcode queue runs yet."""
    await plant.start("quick", timing=ATTENTIVE)
    video = await plant.submit(clip, lesson_id)

    async def visible() -> bool:
        return (await lesson(plant, lesson_id)).video_id == video.id

    await until(visible, 60)
    assert (await plant.video(video.id)).state == "encoding"
    await plant.start("transcode", timing=ATTENTIVE)
    await plant.comes_to(video.id, "ready")


async def test_cancel_stops_encoders_and_deletes_objects(
    plant: Plant, slow_clip: Path, lesson_id: str
) -> None:
    _, worker = await plant.start("quick", "transcode")
    video = await plant.submit(slow_clip, lesson_id)

    async def encoding() -> bool:
        return bool(worker.encoders())

    await until(encoding, 60, worker.said)
    asked = time.monotonic()
    await jobs.cancel(plant.database, plant.store, video.id, datetime.now(UTC))

    async def quiet() -> bool:
        return not any(process.encoders() for process in plant.workers)

    await until(quiet, 5, worker.said)
    assert time.monotonic() - asked < 5

    async def lease_lost() -> bool:
        return "lease lost" in worker.said()

    await until(lease_lost, 5, worker.said)
    assert await plant.objects(video.id) == set()
    assert await plant.store.stat(video.source_key) is None
    assert [path for path in plant.folder.glob("scratch/jobs/*/*") if path.name != ".lock"] == []
    assert (await lesson(plant, lesson_id)).video_status is None


async def test_failed_upload_leaves_the_current_revision(
    plant: Plant, tone: Path, lesson_id: str, tmp_path: Path
) -> None:
    await plant.start("quick", "transcode", timing=ATTENTIVE)
    first = await plant.comes_to((await plant.submit(tone, lesson_id)).id, "ready")
    before, objects = await lesson(plant, lesson_id), await plant.objects(first.id)
    text = tmp_path / "lecture.mp4"
    text.write_text("Not a lecture.")
    second = await plant.comes_to((await plant.submit(text, lesson_id)).id, "failed")
    assert second.error
    now = await lesson(plant, lesson_id)
    assert (now.video_id, now.video_status, now.video_hls_url) == (first.id, "ready", before.video_hls_url)
    assert await plant.objects(first.id) == objects
    with pytest.raises(jobs.NotPossible):
        await jobs.retry(plant.database, plant.queue, second.id, datetime.now(UTC))


async def test_retry_resumes_from_finished_parts(plant: Plant, clip: Path, lesson_id: str) -> None:
    """The original was missing for a while."""
    quick, *_ = await plant.start("quick", timing=ATTENTIVE)
    video = await plant.submit(clip, lesson_id)

    async def begun() -> bool:
        done = [job.kind for job in await plant.jobs_of(video.id) if job.state == JobState.DONE]
        return sorted(done) == ["audio", "chunk", "prepare"]

    await until(begun, 60, quick.said)
    original = plant.store.local_path(video.source_key)
    assert original
    moved = original.rename(original.with_name("moved"))
    await plant.start("transcode", timing=ATTENTIVE)
    failed = await plant.comes_to(video.id, "failed")
    assert failed.error
    assert (await lesson(plant, lesson_id)).video_status == VideoStatus.FAILED

    moved.rename(original)
    await jobs.retry(plant.database, plant.queue, video.id, datetime.now(UTC))
    await plant.comes_to(video.id, "ready")
    first = next(job for job in await plant.jobs_of(video.id, "chunk") if job.number == 0)
    assert (first.fence, first.attempts) == (1, 1)
    await plant.is_tidy(video.id)


async def test_lost_parts_are_encoded_again(plant: Plant, clip: Path, lesson_id: str) -> None:
    """A segment of the first chunk is missing when the finish job runs."""
    await plant.start("quick", timing=ATTENTIVE)
    video = await plant.submit(clip, lesson_id)

    async def stored() -> bool:
        return keys.segment(video.id, "180p", 0, 1) in await plant.objects(video.id)

    await until(stored, 60)
    await plant.store.delete(keys.segment(video.id, "180p", 0, 1))
    await plant.start("transcode", timing=ATTENTIVE)
    async with plant.swept():
        await plant.comes_to(video.id, "ready")
    first = next(job for job in await plant.jobs_of(video.id, "chunk") if job.number == 0)
    assert first.fence == 2
    await plant.is_tidy(video.id)


async def test_parts_that_do_not_fit_fail_and_are_encoded_again(
    plant: Plant, clip: Path, lesson_id: str
) -> None:
    """Init segments differ, as with different versions of FFmpeg on two workers."""
    quick, *_ = await plant.start("quick", timing=ATTENTIVE)
    video = await plant.submit(clip, lesson_id)

    async def first_chunk() -> bool:
        return any(job.state == JobState.DONE for job in await plant.jobs_of(video.id, "chunk"))

    await until(first_chunk, 60, quick.said)
    async with plant.database.write() as session:
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
    await plant.start("transcode", timing=ATTENTIVE)
    failed = await plant.comes_to(video.id, "failed")
    assert "different headers" in str(failed.error)

    await jobs.retry(plant.database, plant.queue, video.id, datetime.now(UTC))
    await plant.comes_to(video.id, "ready")
    await plant.is_tidy(video.id)


async def test_workers_without_a_shared_folder(
    plant: Plant, s3_server: S3Server, s3_store: S3Store, clip: Path, lesson_id: str
) -> None:
    """With an S3 store and a separate machine for each worker, no folder is shared."""
    config = StoreConfig(
        folder=Path("/nowhere"),
        s3_endpoint=s3_server.endpoint,
        s3_bucket=s3_server.bucket,
        s3_access_key=s3_server.access_key,
        s3_secret_key=s3_server.secret_key,
    )
    site = plant.on_store(config, s3_store)
    (quick,) = await site.on_machine("one").start("quick")
    (transcode,) = await site.on_machine("two").start("transcode")
    video = await site.submit(clip, lesson_id)
    await site.comes_to(video.id, "ready")
    await site.is_tidy(video.id)
    assert "job done" in quick.said()
    assert "job done" in transcode.said()
    ours = [line for line in transcode.said().splitlines() if '"job done"' in line]
    assert all(f'"video": "{video.id}"' in line and '"job":' in line for line in ours)
