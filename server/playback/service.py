"""Playback state of a lesson and its signed media URLs."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from server.playback import tokens
from server.playback.published import Published, published
from server.playback.schemas import Playback, State
from storage.database.tables import Lesson, Video
from storage.objects.keys import POSTER, STORYBOARD, THUMBNAIL

SPARE_DURATION = 12 * 3600.0  # seconds; the longest lecture accepted, for an unknown duration
MASTER = "master.m3u8"


def media_root(key: bytes, video_id: str, viewer_id: str, now: datetime, duration: float | None) -> str:
    """Signed path `/m/{token}/{video}/`, valid for duration + 6 h."""
    ends = tokens.expiry(now, SPARE_DURATION if duration is None else duration)
    return f"/m/{tokens.sign(key, video_id, tokens.scope(viewer_id), ends)}/{video_id}/"


async def playback(
    session: AsyncSession, lesson: Lesson, viewer_id: str, keys: Sequence[bytes], now: datetime
) -> Playback:
    """Playback of a lesson. The caller has checked that this viewer may see it. `keys[0]` signs."""
    if lesson.video_id is None:
        return Playback(state=_without_video(lesson), progress=lesson.transcoding_progress)
    video = await session.get(Video, lesson.video_id)
    known = await published(session, lesson.video_id)
    if video is None or known is None or not known.playable:
        return Playback(state="waiting", progress=lesson.transcoding_progress)
    root = media_root(keys[0], video.id, viewer_id, now, known.plan.duration)
    has_poster = bool(lesson.video_thumbnail_url and known.plan.video)
    return Playback(
        state=_state(video),
        video_id=video.id,
        hls_url=root + MASTER,
        poster_url=root + POSTER if has_poster else None,
        thumbnail_url=root + THUMBNAIL if has_poster else None,
        storyboard_url=root + STORYBOARD if known.ended and known.plan.storyboard else None,
        expires_at=tokens.expiry(now, known.plan.duration),
        duration_seconds=known.plan.duration,
        playable_seconds=_playable_seconds(known),
        progress=100 if known.ended else lesson.transcoding_progress,
        audio_only=known.plan.video is None,
        portrait=_is_portrait(known),
    )


def _without_video(lesson: Lesson) -> State:
    match lesson.video_status:
        case "failed":
            return "failed"
        case "uploading" | "processing":
            return "waiting"
        case _:
            return "none"


def _state(video: Video) -> State:
    match video.state:
        case "ready":
            return "ready"
        case "failed" | "cancelled":
            return "failed"
        case _:
            return "growing"


def _is_portrait(known: Published) -> bool:
    return known.plan.video is not None and known.plan.video.rungs[0].height > known.plan.video.rungs[0].width


def _playable_seconds(known: Published) -> float:
    return known.plan.duration if known.ended else known.playable_seconds
