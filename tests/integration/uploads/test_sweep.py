"""What the scheduler does about uploads: finish the interrupted, drop the abandoned."""

import os
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from server.accounts.identity import Viewer
from server.uploads import service
from server.uploads.finish import finish
from server.uploads.intake import Intake
from server.uploads.spool import Spool
from server.uploads.sweep import ORPHAN_AGE, Swept, sweep
from storage.database.engine import Database
from storage.database.tables import Lesson, Upload, Video
from storage.objects.store import ObjectStore
from tests.fixtures.objects import S3Server
from tests.fixtures.uploads import School
from tests.fixtures.web import RecordedQueue

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DATA = os.urandom(5000)


@dataclass
class Desk:
    intake: Intake
    school: School

    async def begin(self) -> Upload:
        teacher = Viewer(self.school.users["teacher"], "teacher@x.edu", "teacher", "instructor")
        return await service.open_upload(
            self.intake,
            teacher,
            lesson_id=self.school.lesson_id,
            filename="lecture.mp4",
            content_type="video/mp4",
            size=len(DATA),
            now=NOW,
        )

    async def row(self, upload: Upload) -> tuple[str, str | None]:
        """Its state, and the lesson's."""
        async with self.intake.database.read() as session:
            lesson = await session.get_one(Lesson, self.school.lesson_id)
            return (await session.get_one(Upload, upload.id)).state, lesson.video_status

    async def videos(self) -> list[Video]:
        async with self.intake.database.read() as session:
            return list(await session.scalars(select(Video)))

    def arrive(self, upload: Upload, data: bytes = DATA) -> None:
        self.intake.spool.path(upload.id).write_bytes(data)


@pytest.fixture
def desk(
    database: Database, school: School, store: ObjectStore, recorded_queue: RecordedQueue, tmp_path: Path
) -> Desk:
    """On both stores."""
    spool = Spool(tmp_path / "data" / "uploads")
    return Desk(Intake(database, store, recorded_queue, spool, limit_bytes=10**9, days=2), school)


async def test_an_abandoned_upload_goes_with_its_bytes(desk: Desk) -> None:
    upload = await desk.begin()
    desk.arrive(upload, DATA[:100])
    assert await desk.row(upload) == ("open", "uploading")
    assert await sweep(desk.intake, NOW + timedelta(days=2, seconds=-1)) == Swept(0, 0, 0)
    assert await sweep(desk.intake, NOW + timedelta(days=2)) == Swept(0, 1, 0)
    assert await desk.row(upload) == ("expired", None)
    assert not desk.intake.spool.path(upload.id).exists()
    assert await sweep(desk.intake, NOW + timedelta(days=2)) == Swept(0, 0, 0)


async def test_whole_bytes_of_a_dead_process_become_a_revision_once(desk: Desk) -> None:
    upload = await desk.begin()
    desk.arrive(upload)
    assert (await sweep(desk.intake, NOW)).finished == 1
    assert (await sweep(desk.intake, NOW)).finished == 0
    assert await desk.row(upload) == ("stored", "processing")
    (video,) = await desk.videos()
    assert (video.source_key, video.source_bytes) == (upload.s3_key, len(DATA))
    assert await desk.intake.store.get_bytes(upload.s3_key) == DATA


async def test_a_death_after_the_bytes_were_adopted(desk: Desk) -> None:
    upload = await desk.begin()
    await desk.intake.store.put_bytes(upload.s3_key, DATA, "video/mp4")
    desk.intake.spool.remove(upload.id)
    async with desk.intake.database.write() as session:
        (await session.get_one(Upload, upload.id)).state = "received"
    assert (await sweep(desk.intake, NOW)).finished == 1
    assert len(await desk.videos()) == 1


async def test_a_death_before_the_revision_was_submitted(desk: Desk) -> None:
    upload = await desk.begin()
    await desk.intake.store.put_bytes(upload.s3_key, DATA, "video/mp4")
    async with desk.intake.database.write() as session:
        (await session.get_one(Upload, upload.id)).state = "stored"
    assert (await sweep(desk.intake, NOW)).finished == 1
    assert len(await desk.videos()) == 1


async def test_a_store_that_is_away_is_tried_again(desk: Desk, s3_server: S3Server) -> None:
    upload = await desk.begin()
    desk.arrive(upload)
    away = s3_server.store(endpoint="http://127.0.0.1:1", retries=0)
    assert not await finish(replace(desk.intake, store=away), upload.id, NOW)
    await away.close()
    assert await desk.row(upload) == ("received", "uploading")
    assert desk.intake.spool.path(upload.id).read_bytes() == DATA
    assert (
        await sweep(desk.intake, NOW + timedelta(days=30))
    ).finished == 1  # never expires once it is whole
    assert await desk.intake.store.get_bytes(upload.s3_key) == DATA


async def test_files_without_a_row_go_after_an_hour(desk: Desk) -> None:
    kept = await desk.begin()
    spool = desk.intake.spool
    orphan, form = spool.path("nobody"), spool.form_path(kept.id, "cut")
    long_ago = time.time() - ORPHAN_AGE.total_seconds() - 60
    for path in (orphan, form):
        path.write_bytes(b"x")
        os.utime(path, (long_ago, long_ago))
    fresh = spool.form_path(kept.id, "fresh")
    fresh.write_bytes(b"x")
    assert (await sweep(desk.intake, datetime.now(UTC))).orphans == 2
    assert not orphan.exists()
    assert not form.exists()
    assert fresh.exists()


async def test_giving_up_after_the_last_byte_keeps_nothing(desk: Desk) -> None:
    upload = await desk.begin()
    desk.arrive(upload)
    assert await service.give_up(desk.intake, upload, "cancelled")
    assert not await finish(desk.intake, upload.id, NOW)
    assert await desk.row(upload) == ("cancelled", None)
    assert await desk.intake.store.stat(upload.s3_key) is None
    assert await desk.videos() == []
