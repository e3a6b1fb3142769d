"""Bad uploads through the whole pipeline: the job fails with its sentence, the worker continues."""

from datetime import timedelta
from pathlib import Path

import pytest

from storage import deletions
from tests.fixtures.canary import Canary
from tests.fixtures.media import Sources
from tests.fixtures.workers import WorkerCluster
from tests.media.bad import BAD
from transcoder.worker.context import utc_now

pytestmark = pytest.mark.media


async def test_bad_uploads_leave_no_files_and_workers_continue(
    cluster: WorkerCluster, sources: Sources, canary: Canary, tmp_path: Path
) -> None:
    quick, transcode = await cluster.start("quick", "transcode")
    submitted = {}
    for write, sentence in BAD.values():
        upload = tmp_path / "upload.mp4"
        write(sources, canary, upload)
        submitted[(await cluster.submit(upload)).id] = sentence
        upload.unlink()
    for video_id, sentence in submitted.items():
        video = await cluster.wait_for_state(video_id, "failed")
        assert sentence in str(video.error)
        assert [job.attempts for job in await cluster.jobs_of(video_id)] == [1]
        assert await cluster.objects(video_id) == set()
    assert [path for path in cluster.folder.glob("scratch/jobs/*/*") if path.name != ".lock"] == []
    await deletions.purge_due(cluster.database, cluster.store, utc_now() + timedelta(hours=1))
    assert [item.key async for item in cluster.store.list("")] == []
    assert canary.accesses == []

    good = await cluster.submit(sources.path("one_second"))
    await cluster.wait_for_state(good.id, "ready")
    assert quick.runs
    assert transcode.runs
