"""Coverage of lessons, read for pages, the API and completion."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.watching import rules, spans, tokens
from server.watching.deliveries import delivered_bits
from server.watching.spans import Spans
from storage.database.among import among
from storage.database.tables import Lesson, Video, WatchCoverage


class Watching(msgspec.Struct, frozen=True, kw_only=True):
    """A viewer's state of one lesson, for the player."""

    lesson_id: str
    token: str  # for heartbeats, valid for some days
    covered_seconds: float
    percent: int  # of the lesson
    resume_seconds: float  # where to go on; 0: at the start
    spans: list[tuple[float, float]]  # what is covered, in seconds


class Progress(msgspec.Struct, frozen=True):
    """A viewer's progress through the video of one lesson, for cards and lists."""

    percent: int
    resume_seconds: float
    last_at: datetime


async def watching(
    session: AsyncSession, viewer: Viewer, lesson: Lesson, *, staff: bool, key: bytes, now: datetime
) -> Watching:
    """Step. The caller has checked that the viewer may see the lesson; `key` signs the token."""
    row = await session.get(WatchCoverage, (viewer.id, lesson.id))
    covered = spans.from_json(row.spans) if row else ()
    duration = lesson.video_duration_seconds or 0.0
    return Watching(
        lesson_id=lesson.id,
        token=tokens.sign(key, tokens.issue(viewer.id, lesson.id, staff=staff, now=now)),
        covered_seconds=spans.length(covered) / spans.TENTHS,
        percent=rules.percent(covered, spans.tenths(duration)),
        resume_seconds=rules.resume_at(row.position, duration) if row else 0.0,
        spans=[(start / spans.TENTHS, end / spans.TENTHS) for start, end in covered],
    )


async def progress_of(
    session: AsyncSession, viewer: Viewer, lesson_ids: Iterable[str]
) -> dict[str, Progress]:
    """Step: progress by lesson, of those that the viewer has begun."""
    rows = await session.execute(
        select(
            WatchCoverage.lesson_id,
            WatchCoverage.spans,
            WatchCoverage.position,
            WatchCoverage.last_at,
            Lesson.video_duration_seconds,
        )
        .join(Lesson, Lesson.id == WatchCoverage.lesson_id)
        .where(WatchCoverage.user_id == viewer.id, among(session, WatchCoverage.lesson_id, lesson_ids))
    )
    return {
        lesson_id: Progress(
            percent=rules.percent(spans.from_json(covered), spans.tenths(duration or 0.0)),
            resume_seconds=rules.resume_at(position, duration or 0.0),
            last_at=last_at,
        )
        for lesson_id, covered, position, last_at, duration in rows
    }


async def verified(session: AsyncSession, lesson: Lesson, user_id: str, covered: Spans) -> Spans:
    """Step: the part of the coverage whose segments were delivered to this person, of any revision."""
    # Two figures of the plan: a heartbeat must not load the documents of every revision.
    videos = await session.execute(
        select(Video.id, Video.plan["segment_seconds"].as_float(), Video.plan["duration"].as_float()).where(
            Video.lesson_id == lesson.id, Video.plan.is_not(None)
        )
    )
    proven: list[Spans] = []
    for video_id, segment_seconds, duration in videos.all():
        bits = await delivered_bits(session, video_id, user_id)
        proven.append(rules.delivered(bits, segment_seconds, spans.tenths(duration)))
    return spans.intersection(covered, spans.union(*proven))
