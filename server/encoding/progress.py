"""Progress of a lesson's video, from the first byte of its upload to the last segment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.playback.service import MASTER, media_root
from server.uploads.context import UploadContext
from server.uploads.schemas import OpenUpload
from server.uploads.service import active_uploads, lesson_uploads
from storage.database.tables import Lesson, Upload, Video
from storage.messages import Message
from storage.objects.keys import POSTER
from storage.states import RevisionState, UploadState, VideoStatus
from transcoder.jobs.status import ChunkStatus, RevisionStatus, lesson_status

EXPIRED_SHOWN = timedelta(days=14)  # after an upload would have expired at the latest
UNFINISHED = ("storing", "waiting", "checking", "encoding", "finishing")


class LessonProgress(msgspec.Struct, frozen=True, kw_only=True):
    """Response of transcode/status. The fields up to `error` are spec section 1."""

    status: str | None  # uploading, processing, ready, failed; None: nothing was uploaded yet
    progress: int  # 0-100, of the encoding
    job_id: str | None
    stage: str  # empty, uploading, storing, waiting, checking, encoding, finishing, ready, failed, cancelled
    eta_seconds: int | None
    playable: bool  # by learners: this revision or the previous one
    hls_url: str | None
    thumbnail_url: str | None
    duration_seconds: float | None
    variants: list[dict[str, Any]]
    error: Message | str | None  # a message until `presentation.for_reader`
    queue_place: int | None = None  # 1: next
    speed: float | None = None  # seconds of lecture per second
    playable_seconds: float = 0.0
    can_retry: bool = False
    can_cancel: bool = False
    filename: str | None = None
    chunks: tuple[ChunkStatus, ...] = ()
    uploads: tuple[OpenUpload, ...] = ()
    expired: str | None = None  # file name of the last upload, when it expired and nothing came after it
    damage: Message | str | None = None  # why the video that is played could not be made whole, likewise
    video_id: str | None = None  # the revision that `hls_url` plays
    video_seconds: float | None = None  # its duration

    @property
    def moving(self) -> bool:
        return self.status in ("uploading", "processing") or bool(self.uploads)

    @property
    def encoding(self) -> bool:
        return self.stage in UNFINISHED


async def snapshot(
    session: AsyncSession, context: UploadContext, lesson_id: str, now: datetime
) -> LessonProgress | None:
    """Progress without media URLs, which are signed per viewer. None when the lesson was deleted."""
    lesson = await session.get(Lesson, lesson_id)
    if lesson is None:
        return None
    rows = await lesson_uploads(session, lesson_id)
    uploads = tuple(active_uploads(context, rows))
    video = await lesson_status(session, lesson_id, now)
    progress = _of_video(lesson, video, uploads) if video else _before_video(lesson, uploads)
    shown = await session.get(Video, lesson.video_id) if lesson.video_id else None
    return msgspec.structs.replace(
        progress,
        expired=await _expired(session, rows, now),
        damage=shown.damage if shown and shown.state == RevisionState.READY else None,
    )


async def _expired(session: AsyncSession, uploads: Sequence[Upload], now: datetime) -> str | None:
    last = uploads[-1] if uploads else None
    if last is None or last.state != UploadState.EXPIRED or now >= last.expires_at + EXPIRED_SHOWN:
        return None
    newer = exists().where(Video.lesson_id == last.lesson_id, Video.created_at > last.created_at)
    return None if await session.scalar(select(newer)) else last.filename


def _before_video(lesson: Lesson, uploads: tuple[OpenUpload, ...]) -> LessonProgress:
    storing = any(upload.storing for upload in uploads) or lesson.video_status == VideoStatus.PROCESSING
    status = "processing" if storing else lesson.video_status
    return LessonProgress(
        status=status,
        progress=0,
        job_id=None,
        stage="storing" if storing else status or "empty",
        eta_seconds=None,
        playable=False,
        hls_url=None,
        thumbnail_url=None,
        duration_seconds=None,
        variants=[],
        error=None,
        can_cancel=any(upload.storing for upload in uploads),
        uploads=uploads,
    )


def _of_video(lesson: Lesson, video: RevisionStatus, uploads: tuple[OpenUpload, ...]) -> LessonProgress:
    return LessonProgress(
        status=video.status,
        progress=video.progress,
        job_id=video.job_id,
        stage=video.stage,
        eta_seconds=video.eta_seconds,
        playable=lesson.video_id is not None,
        hls_url=None,
        thumbnail_url=lesson.video_thumbnail_url,
        duration_seconds=video.duration_seconds,
        variants=list(video.variants),
        error=video.error,
        queue_place=video.queue_place,
        speed=video.speed,
        playable_seconds=video.playable_seconds,
        can_retry=video.can_retry,
        can_cancel=video.stage in UNFINISHED,
        filename=video.filename,
        chunks=video.chunks,
        uploads=uploads,
        video_id=lesson.video_id,
        video_seconds=lesson.video_duration_seconds,
    )


def with_media_urls(
    progress: LessonProgress, keys: Sequence[bytes], viewer: Viewer, now: datetime
) -> LessonProgress:
    """Add media URLs that are signed with `keys[0]` for this viewer and valid for some hours."""
    if progress.video_id is None:
        return progress
    root = media_root(keys[0], progress.video_id, viewer.id, now, progress.video_seconds)
    return msgspec.structs.replace(
        progress,
        hls_url=root + MASTER,
        thumbnail_url=root + POSTER if progress.thumbnail_url else None,
    )
