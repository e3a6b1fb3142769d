"""A finished lecture of two hours as rows and files, without an encode: for what serves it."""

import os
from datetime import datetime
from pathlib import Path

import msgspec

from server.accounts.keys import live_keys
from server.playback.service import media_root
from server.playback.signing import PURPOSE
from storage.database import migrations
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import Course, Job, Lesson, Video
from storage.objects import keys
from storage.objects.folder import FolderStore
from transcoder.media import (
    AudioResult,
    AudioStream,
    ChunkResult,
    RenditionPart,
    Segment,
    Source,
    VideoStream,
)
from transcoder.plan import Chunk, Plan, VideoPlan, make_plan, needed

SECONDS = 7200.0
SEGMENT_BYTES = {"1080p": 2_000_000, "720p": 1_000_000, "480p": 500_000, "small": 100_000}
SOURCE = Source(
    container="mov,mp4",
    bytes=1,
    duration=SECONDS,
    start=0.0,
    seekable=True,
    video=VideoStream(index=0, codec="h264", width=1920, height=1080, fps_num=25, fps_den=1),
    audio=AudioStream(index=1, codec="aac", channels=2, sample_rate=48000),
)


async def make_lecture(data: Path, now: datetime) -> str:
    """Its address, `/m/{token}/{video}/`. One segment of each size in SEGMENT_BYTES is there."""
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
    plan, course_id, lesson_id = make_plan(SOURCE), new_id(), new_id()
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
                state="ready",
                plan=msgspec.to_builtins(plan),
                created_at=now,
            )
        )
        await session.flush()
        video = needed(plan.video)
        session.add_all(
            _job(video_id, "chunk", chunk.number, _chunk(video, chunk), now) for chunk in video.chunks
        )
        session.add(_job(video_id, "audio", 0, _audio(plan), now))


def _job(video_id: str, kind: str, number: int, result: msgspec.Struct, now: datetime) -> Job:
    return Job(
        video_id=video_id,
        kind=kind,
        number=number,
        queue="transcode",
        state="done",
        queued_at=now,
        result=msgspec.to_builtins(result),
    )


def _chunk(video: VideoPlan, chunk: Chunk) -> ChunkResult:
    ticks, numbers = video.segment_frames * video.frame_ticks, range(chunk.segments)
    parts = tuple(
        RenditionPart(
            rung.name,
            1,
            video.timescale,
            "0" * 64,
            "avc1.640028",
            chunk.frames,
            tuple(Segment(chunk.first_segment + n, ticks, 500_000 + n, ((800, 40_000, 0),)) for n in numbers),
        )
        for rung in video.rungs
    )
    return ChunkResult(parts=parts, tiles=(), take=1)


def _audio(plan: Plan) -> AudioResult:
    segments = tuple(
        Segment(number, int(plan.segment_seconds * 48000), 96_000)
        for number in range(int(SECONDS / plan.segment_seconds))
    )
    return AudioResult(RenditionPart("audio", 1, 48000, "0" * 64, "mp4a.40.2", 0, segments), complete=True)
