"""`skillstudio ingest`: its steps, its refusals, and the command against a running product."""

import asyncio
import json
import os
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from server.cli import commands
from server.core.clock import SystemClock
from server.core.errors import Conflict, Invalid, NoRoom, TooLarge
from server.encoding import ingest
from server.encoding.progress import LessonProgress
from server.library import lessons
from server.uploads.context import UploadContext
from server.uploads.spool import Spool
from storage.database.engine import Database
from storage.database.tables import Course, Lesson, ObjectDeletion, Video
from storage.messages import Message
from storage.objects.store import ObjectStore, StoreError
from tests.fixtures.objects import S3Server
from tests.fixtures.product import Product
from tests.fixtures.web import RecordedQueue
from tests.world.builder import World
from transcoder.jobs import api as jobs

CLOCK = SystemClock()


@pytest.fixture
def context(
    database: Database, store: ObjectStore, recorded_queue: RecordedQueue, tmp_path: Path
) -> UploadContext:
    """Upload dependencies, with both stores."""
    return UploadContext(
        database, store, recorded_queue, Spool(tmp_path / "uploads"), max_upload_bytes=10**6, days=2
    )


@pytest.fixture
def lecture(tmp_path: Path) -> Path:
    path = tmp_path / "03_sorting-networks.mp4"
    path.write_bytes(os.urandom(5000))
    return path


async def test_courses_and_lessons_are_created_once(database: Database, lecture: Path) -> None:
    course = await ingest.course_named(database, "Algorithms", CLOCK)
    assert await ingest.course_named(database, " algorithms ", CLOCK) == course
    assert await ingest.course_named(database, course, CLOCK) == course  # by its id
    lesson = await ingest.lesson_for(database, course, lecture, CLOCK)
    assert await ingest.lesson_for(database, course, lecture, CLOCK) == lesson
    async with database.read() as session:
        row = await session.get_one(Lesson, lesson)
        made = await session.get_one(Course, course)
    assert (made.title, made.status) == ("Algorithms", "draft")
    assert (row.title, row.status, row.course_id) == ("03 sorting networks", "draft", course)


async def test_ambiguous_course_title_is_refused(database: Database) -> None:
    for title in ("Optics", "optics"):
        await World(database).course(title)
    with pytest.raises(Conflict, match="2 courses are called"):
        await ingest.course_named(database, "OPTICS", CLOCK)


async def test_file_is_stored_and_submitted(context: UploadContext, lecture: Path) -> None:
    lesson_id = (await World(context.database).lesson()).id
    video = await ingest.submit_file(context, lesson_id, lecture, CLOCK)
    assert await context.store.get_bytes(video.source_key) == lecture.read_bytes()
    assert (video.filename, video.source_bytes) == (lecture.name, 5000)
    async with context.database.read() as session:
        lesson = await session.get_one(Lesson, lesson_id)
        assert (lesson.video_status, lesson.transcoding_job_id) == ("processing", video.id)
        assert (await session.scalars(select(ObjectDeletion))).all() == []


async def test_unreachable_store_leaves_a_scheduled_deletion(
    context: UploadContext, lecture: Path, s3_server: S3Server
) -> None:
    """The deletion of a partial copy is scheduled before the copy begins."""
    lesson_id = (await World(context.database).lesson()).id
    unreachable = s3_server.store(endpoint="http://127.0.0.1:1", retries=0)
    with pytest.raises(StoreError):
        await ingest.submit_file(
            UploadContext(context.database, unreachable, context.queue, context.spool, 10**6, 2),
            lesson_id,
            lecture,
            CLOCK,
        )
    await unreachable.close()
    async with context.database.read() as session:
        (scheduled,) = await session.scalars(select(ObjectDeletion))
        assert scheduled.prefix.startswith(f"originals/{lesson_id}/")
        assert (await session.get_one(Lesson, lesson_id)).video_status is None


async def test_crash_before_submission_leaves_a_scheduled_deletion(
    context: UploadContext, lecture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson_id = (await World(context.database).lesson()).id

    async def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "submit", crash)
    with pytest.raises(KeyboardInterrupt):
        await ingest.submit_file(context, lesson_id, lecture, CLOCK)
    (stored,) = [item.key async for item in context.store.list("")]
    async with context.database.read() as session:
        assert list(await session.scalars(select(ObjectDeletion.prefix))) == [stored]


async def test_sizes_are_checked_first(context: UploadContext, lecture: Path) -> None:
    lesson_id = (await World(context.database).lesson()).id
    lecture.write_bytes(b"")
    with pytest.raises(Invalid, match="empty"):
        await ingest.submit_file(context, lesson_id, lecture, CLOCK)
    with lecture.open("wb") as file:
        file.truncate(2 * 10**6)
    with pytest.raises(TooLarge):
        await ingest.submit_file(context, lesson_id, lecture, CLOCK)
    if await context.store.free_bytes() is not None:
        with lecture.open("wb") as file:
            file.truncate(2**43)  # a sparse file, larger than this disk
        huge = UploadContext(context.database, context.store, context.queue, context.spool, 2**60, 2)
        with pytest.raises(NoRoom):
            await ingest.submit_file(huge, lesson_id, lecture, CLOCK)
    async with context.database.read() as session:
        assert (await session.scalars(select(Video))).all() == []


async def test_lesson_created_for_refused_file_is_deleted(context: UploadContext, lecture: Path) -> None:
    course = await ingest.course_named(context.database, "Algorithms", CLOCK)
    empty = lecture.with_name("empty.mp4")
    empty.write_bytes(b"")
    with pytest.raises(Invalid):
        await ingest.submit_to_course(context, course, empty, CLOCK)
    assert await lessons.of_course(context.database, ingest.OPERATOR, course) == []

    theirs = await ingest.lesson_for(context.database, course, empty, CLOCK)
    made = await ingest.submit_to_course(context, course, lecture, CLOCK)
    lecture.write_bytes(b"")
    for refused in (empty, lecture):
        with pytest.raises(Invalid):
            await ingest.submit_to_course(context, course, refused, CLOCK)
    kept = await lessons.of_course(context.database, ingest.OPERATOR, course)
    assert [lesson.id for lesson in kept] == [theirs, made.lesson_id]


async def test_follow_returns_when_revision_ends(context: UploadContext, lecture: Path) -> None:
    lesson_id = (await World(context.database).lesson()).id
    video = await ingest.submit_file(context, lesson_id, lecture, CLOCK)
    seen: list[LessonProgress] = []
    following = asyncio.create_task(ingest.follow(context, video, lecture, CLOCK, seen.append))
    async with context.database.write() as session:
        failed = {"state": "failed", "error": Message("No video stream."), "finished_at": CLOCK.now()}
        await session.execute(update(Video).where(Video.id == video.id).values(failed))
    outcome = await asyncio.wait_for(following, 10)
    assert (outcome.status, outcome.error, outcome.hls_url) == ("failed", "No video stream.", None)
    assert seen[-1].stage == "failed"

    second = await ingest.submit_file(context, lesson_id, lecture, CLOCK)
    replaced = await ingest.follow(context, video, lecture, CLOCK, seen.append)
    assert replaced.status == "failed"
    assert "another video" in (replaced.error or "")
    assert second.id != video.id


@pytest.mark.parametrize(
    "arguments", [[], ["--lesson", "a", "--course", "b"], ["second.mp4", "--lesson", "a"]]
)
def test_invalid_arguments_are_refused(lecture: Path, arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "second.mp4").write_bytes(b"x")
    here = [str(tmp_path / word) if word.endswith(".mp4") else word for word in arguments]
    result = CliRunner().invoke(commands, ["ingest", str(lecture), *here])
    assert result.exit_code == 2
    assert "--course" in result.output


@pytest.mark.media
async def test_ingest_command_against_running_product(product: Product, clip: Path, tmp_path: Path) -> None:
    """One video and one file that is not: a line each, and exit code 1."""
    noise = tmp_path / "rubbish.mp4"
    noise.write_bytes(os.urandom(50_000))
    ran = await asyncio.to_thread(
        product.command, "ingest", str(clip), str(noise), "--course", "Optics", "--json"
    )
    assert ran.returncode == 1, ran.stderr
    lines = {Path(line["file"]).name: line for line in map(json.loads, ran.stdout.splitlines())}
    good, bad = lines[clip.name], lines[noise.name]
    assert (good["status"], good["error"]) == ("ready", None)
    assert 0 < good["playable_seconds"] <= good["seconds"]
    async with httpx.AsyncClient() as anonymous:
        master = await anonymous.get(good["hls_url"])
    assert master.text.startswith("#EXTM3U")
    assert (bad["status"], bad["hls_url"]) == ("failed", None)
    assert "not a readable video" in bad["error"]

    again = await asyncio.to_thread(
        product.command, "ingest", str(clip), "--lesson", good["lesson_id"], "--detach"
    )
    assert again.returncode == 0, again.stderr
    assert "submitted" in again.stderr
    unknown = await asyncio.to_thread(product.command, "ingest", str(clip), "--lesson", "nothing")
    assert unknown.returncode == 1
    assert "no such lesson" in unknown.stderr
