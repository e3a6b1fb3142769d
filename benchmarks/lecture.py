"""Finished two-hour lecture as rows and files, without encoding, for the serving benchmark."""

import os
from datetime import datetime
from pathlib import Path

import msgspec

from server.core.signing_keys import live_keys
from server.playback.service import media_root
from server.playback.signing import PURPOSE
from storage.database import migrations
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import Course, Lesson, Video
from storage.objects import keys
from storage.objects.folder import FolderStore
from storage.states import RevisionState
from tests.fixtures import encoded
from transcoder.planning.plan import require

SECONDS = 7200.0
SEGMENT_BYTES = {"1080p": 2_000_000, "720p": 1_000_000, "480p": 500_000, "small": 100_000}


async def make_lecture(data: Path, now: datetime) -> str:
    """Returns the media path `/m/{token}/{video}/`; stores one segment of each size in SEGMENT_BYTES."""
    data.mkdir(parents=True)
    database, video_id = Database(f"sqlite+aiosqlite:///{data / 'skillstudio.db'}"), new_id()
    await migrations.upgrade(database)
    await _add_rows(database, video_id, now)
    store = FolderStore(data / "objects")
    for name, size in SEGMENT_BYTES.items():
        await store.put_bytes(keys.segment(video_id, name, 0, 1), os.urandom(size), "video/mp4")
    address = media_root((await live_keys(database, PURPOSE, now))[0], video_id, "viewer", now, SECONDS)
    await database.close()
    return address


async def _add_rows(database: Database, video_id: str, now: datetime) -> None:
    plan, course_id, lesson_id = encoded.plan_of(SECONDS), new_id(), new_id()
    async with database.write() as session:
        session.add(Course(id=course_id, title="Optics", created_at=now, updated_at=now))
        await session.flush()
        session.add(
            Lesson(
                id=lesson_id, course_id=course_id, title="Lenses", position=0, created_at=now, updated_at=now
            )
        )
        await session.flush()
        session.add(
            Video(
                id=video_id,
                lesson_id=lesson_id,
                source_key=video_id,
                state=RevisionState.READY,
                plan=msgspec.to_builtins(plan),
                created_at=now,
            )
        )
        await session.flush()
        session.add_all(
            encoded.done(video_id, "chunk", chunk.number, encoded.chunk_result(plan, chunk), now)
            for chunk in require(plan.video).chunks
        )
        session.add(encoded.done(video_id, "audio", 0, encoded.audio_result(plan), now))
