"""Complete transcoding of one original, through a real queue and real workers."""

from pathlib import Path

import msgspec
import pytest

from storage.database.tables import Lesson
from storage.objects import keys
from tests.fixtures.clips import make_clip
from tests.fixtures.workers import WorkerCluster
from transcoder.media import AudioResult, ChunkResult
from transcoder.worker.steps.thumbnails import THUMBNAIL_BYTES

pytestmark = pytest.mark.media


async def test_lecture_becomes_ready(cluster: WorkerCluster, clip: Path, lesson_id: str) -> None:
    await cluster.start("quick", "transcode")
    video = await cluster.wait_for_state((await cluster.submit(clip, lesson_id)).id, "ready")

    chunks = [msgspec.convert(job.result, ChunkResult) for job in await cluster.jobs_of(video.id, "chunk")]
    assert sum(chunk.parts[0].frames for chunk in chunks) == 500
    audio = [msgspec.convert(job.result, AudioResult) for job in await cluster.jobs_of(video.id, "audio")]
    assert audio[0].complete
    assert sum(segment.duration for segment in audio[0].part.segments) == pytest.approx(20 * 48000, abs=1024)

    async with cluster.database.read() as session:
        lesson = await session.get_one(Lesson, lesson_id)
    assert (lesson.video_id, lesson.video_status, lesson.transcoding_progress) == (video.id, "ready", 100)
    assert lesson.video_duration_seconds == pytest.approx(20, abs=0.04)
    assert [variant["name"] for variant in lesson.video_quality_variants or []] == ["180p"]
    await cluster.assert_no_leftovers(video.id)
    thumbnail = await cluster.store.stat(keys.thumbnail(video.id))
    assert thumbnail
    assert thumbnail.size <= THUMBNAIL_BYTES


async def test_audio_only_lecture_becomes_ready(cluster: WorkerCluster, tone: Path, lesson_id: str) -> None:
    await cluster.start("quick", "transcode")
    video = await cluster.wait_for_state((await cluster.submit(tone, lesson_id)).id, "ready")
    async with cluster.database.read() as session:
        lesson = await session.get_one(Lesson, lesson_id)
    assert (lesson.video_id, lesson.video_thumbnail_url) == (video.id, None)
    assert lesson.video_quality_variants == []
    await cluster.assert_no_leftovers(video.id)
    assert all("/audio/" in key for key in await cluster.objects(video.id))


async def test_original_without_index_becomes_ready(
    cluster: WorkerCluster, tmp_path: Path, lesson_id: str
) -> None:
    original = make_clip(tmp_path / "recorder.ts", seconds=14)
    await cluster.start("quick", "transcode")
    video = await cluster.wait_for_state((await cluster.submit(original, lesson_id)).id, "ready")
    assert (video.source or {})["normalised"]
    await cluster.assert_no_leftovers(video.id)
