"""Bad uploads through the whole pipeline: the job fails with its sentence, the worker continues."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import deletions
from tests.fixtures.canary import Canary
from tests.fixtures.media import Sources
from tests.fixtures.workers import Plant
from tests.media.bad import BAD

pytestmark = pytest.mark.media


async def test_bad_uploads_leave_no_files_and_workers_continue(
    plant: Plant, sources: Sources, canary: Canary, tmp_path: Path
) -> None:
    quick, transcode = await plant.start("quick", "transcode")
    submitted = {}
    for write, sentence in BAD.values():
        upload = tmp_path / "upload.mp4"
        write(sources, canary, upload)
        submitted[(await plant.submit(upload)).id] = sentence
        upload.unlink()
    for video_id, sentence in submitted.items():
        video = await plant.comes_to(video_id, "failed")
        assert sentence in str(video.error)
        assert [job.attempts for job in await plant.jobs_of(video_id)] == [1]
        assert await plant.objects(video_id) == set()
    assert [path for path in plant.folder.glob("scratch/jobs/*/*") if path.name != ".lock"] == []
    await deletions.purge_due(plant.database, plant.store, datetime.now(UTC) + timedelta(hours=1))
    assert [item.key async for item in plant.store.list("")] == []
    assert canary.sung == []

    good = await plant.submit(sources.path("one_second"))
    await plant.comes_to(good.id, "ready")
    assert quick.runs
    assert transcode.runs
