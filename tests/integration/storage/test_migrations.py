"""Migrations from each earlier schema with data in it, on both databases."""

import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from storage.database import migrations
from storage.database.engine import Database
from storage.database.tables import Course, Enrolment, Job, LeaderboardRow, Lesson, Upload, User, Video
from storage.messages import Message
from storage.states import JobState, LessonKind, RevisionState, Role, Timeframe, UploadState
from tests.world.clock import START

CHUNKS = [{"parts": [], "tiles": [number], "take": number + 3} for number in range(2)]
AUDIO = {"part": {"rendition": "audio", "take": 1}, "complete": True}
SENTENCE = "The file is 100% silent. Upload another one."

ROWS: dict[str, list[dict[str, Any]]] = {  # as the first schema had them
    "users": [
        {"id": "u", "email": "zoe@example.edu", "name": "Zoë Łuk", "role": "learner", "created_at": START},
    ],
    "courses": [
        {"id": "c", "title": "Analyse für Ökonomen", "description": "", "status": "published",
         "completion_threshold": 90, "created_by": "u", "created_at": START, "updated_at": START},
    ],
    "enrolments": [{"course_id": "c", "user_id": "u", "created_at": START}],
    "lessons": [
        {"id": name, "course_id": "c", "title": name, "description": "", "position": place, "status": "draft",
         "created_at": START, "updated_at": START, "transcoding_progress": 0}
        for place, name in enumerate(("ready", "failed"))
    ],
    "uploads": [
        {"id": "up", "lesson_id": "ready", "user_id": "u", "s3_key": "originals/ready/up.mp4", "size": 5,
         "filename": "a.mp4", "state": "open", "created_at": START, "expires_at": START},
    ],
    "videos": [
        {"id": name, "lesson_id": name, "source_key": name, "filename": "a.mp4", "source_bytes": 1,
         "state": name, "error": SENTENCE if name == "failed" else None, "created_at": START}
        for name in ("ready", "failed")
    ],
    "jobs": [
        {"id": f"{kind}{number}", "video_id": "ready", "kind": kind, "number": number, "queue": "quick",
         "state": "done", "attempts": 1, "fence": 1, "queued_at": START, "progress": 1.0,
         "result": json.dumps(result), "error": None}
        for kind, number, result in (("chunk", 1, CHUNKS[1]), ("chunk", 0, CHUNKS[0]), ("audio", 0, AUDIO))
    ]
    + [
        {"id": "lost", "video_id": "failed", "kind": "prepare", "number": 0, "queue": "quick",
         "state": "failed", "attempts": 3, "fence": 3, "queued_at": START, "progress": 0.0,
         "result": None, "error": SENTENCE},
    ],
}  # fmt: skip


async def fill(database: Database) -> None:
    async with database.write() as session:
        for table, rows in ROWS.items():
            for row in rows:
                values = {name: _plain(value, sqlite=database.is_sqlite) for name, value in row.items()}
                marks = ", ".join(
                    f"CAST(:{name} AS json)" if name == "result" else f":{name}" for name in row
                )
                if database.is_sqlite:
                    marks = ", ".join(f":{name}" for name in row)
                await session.execute(
                    text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"), values
                )


def _plain(value: Any, *, sqlite: bool) -> Any:
    return value.isoformat(" ") if sqlite and isinstance(value, datetime) else value


@pytest.mark.parametrize("earlier", ["0001", "0002"])
async def test_rows_of_an_earlier_schema_are_kept(empty_database: Database, earlier: str) -> None:
    await migrations.upgrade(empty_database, earlier)
    await fill(empty_database)
    await migrations.upgrade(empty_database)
    assert await migrations.differences(empty_database) == []
    async with empty_database.read() as session:
        user, course = await session.get_one(User, "u"), await session.get_one(Course, "c")
        assert (user.role, user.search_key) == (Role.LEARNER, "zoe luk zoe@example.edu")
        assert (course.search_key, course.version) == ("analyse fur okonomen", 1)
        lesson = await session.get_one(Lesson, "ready")
        assert (lesson.kind, lesson.version, lesson.status) == (LessonKind.VIDEO, 1, "draft")
        assert (await session.scalars(select(Enrolment.ended_at))).all() == [None]
        upload = await session.get_one(Upload, "up")
        assert (upload.state, upload.host, upload.received) == (UploadState.OPEN, None, 0)


@pytest.mark.parametrize("earlier", ["0001", "0002"])
async def test_ready_videos_get_their_published_document(empty_database: Database, earlier: str) -> None:
    await migrations.upgrade(empty_database, earlier)
    await fill(empty_database)
    await migrations.upgrade(empty_database)
    async with empty_database.read() as session:
        ready, failed = await session.get_one(Video, "ready"), await session.get_one(Video, "failed")
        assert (ready.state, ready.published) == (RevisionState.READY, {"chunks": CHUNKS, "audio": AUDIO})
        assert (failed.published, failed.error) == (None, Message(SENTENCE))
        assert str(failed.error) == SENTENCE  # its percent sign means itself
        lost = await session.get_one(Job, "lost")
        assert (lost.state, lost.error) == (JobState.FAILED, Message(SENTENCE))


async def test_downgrade_and_upgrade_again(empty_database: Database) -> None:
    await migrations.upgrade(empty_database, "0002")
    await fill(empty_database)
    await migrations.upgrade(empty_database)
    await migrations.downgrade(empty_database, "0002")
    await migrations.upgrade(empty_database)
    assert await migrations.differences(empty_database) == []
    async with empty_database.read() as session:
        assert (await session.get_one(User, "u")).search_key == "zoe luk zoe@example.edu"


async def test_boards_keep_their_rows_when_their_key_changes(empty_database: Database) -> None:
    await migrations.upgrade(empty_database, "0020")
    made = [(f"u{number}", timeframe) for number in range(3) for timeframe in Timeframe]
    async with empty_database.write() as session:
        session.add_all(
            LeaderboardRow(user_id=user_id, timeframe=timeframe, period="", xp=100, reached_at=START)
            for user_id, timeframe in made
        )
    for move, revision in ((migrations.upgrade, "0022"), (migrations.downgrade, "0020")):
        await move(empty_database, revision)
        async with empty_database.read() as session:
            rows = list(await session.scalars(select(LeaderboardRow)))
        assert sorted((row.user_id, row.timeframe) for row in rows) == sorted(made)
        assert {(row.xp, row.reached_at) for row in rows} == {(100, START)}
