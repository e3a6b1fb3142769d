"""Watch figures of a lesson's video for its instructors (spec section 1), without staff and previews."""

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.watching import played, rules, spans
from server.watching.insight import heatmap
from server.watching.insight.heatmap import Drop
from storage.database.tables import Lesson, VideoAnalytics, WatchCoverage

LEAST_VIEWERS = 5  # below, a timeline would show what single people do
FINISHED_PERCENT = 95
SLOW = 0.95  # mean speed of a session, below which it was slower than recorded


class LessonInsight(msgspec.Struct, frozen=True, kw_only=True):
    views: int  # of at least ten seconds, an hour apart
    unique_viewers: int
    finished: int  # viewers who have seen nearly all of it
    average_completion: int | None  # percent of the video; None without viewers
    watch_seconds: int  # what was played again included, of all sessions
    last_at: datetime | None
    retention: list[int] | None  # viewers at each of 100 steps; None with fewer than five viewers
    heat: list[int] | None  # sessions at each step: higher where people come back
    slow: list[int] | None  # those of the sessions that were slower than recorded, by their mean speed
    drop_off: list[Drop] | None
    speeds: dict[str, int]  # sessions by mean speed, to a quarter
    qualities: dict[str, int]
    devices: dict[str, int]


async def lesson_insight(session: AsyncSession, lesson: Lesson) -> LessonInsight:
    """Step. The caller has checked that the viewer teaches the lesson."""
    duration = spans.tenths(lesson.video_duration_seconds or 0.0)
    viewers = (
        await session.execute(
            select(
                WatchCoverage.spans, WatchCoverage.covered, WatchCoverage.views, WatchCoverage.last_at
            ).where(WatchCoverage.lesson_id == lesson.id, ~WatchCoverage.staff, WatchCoverage.views > 0)
        )
    ).all()
    sessions = (
        await session.execute(
            select(
                VideoAnalytics.spans,
                VideoAnalytics.playback_speed,
                VideoAnalytics.quality_selected,
                VideoAnalytics.device_type,
            ).where(
                VideoAnalytics.lesson_id == lesson.id,
                ~VideoAnalytics.staff,
                VideoAnalytics.watch_seconds >= rules.VIEW_SECONDS,
            )
        )
    ).all()
    return _insight(viewers, sessions, duration, await played.of_lesson(session, lesson.id))


async def versions(session: AsyncSession, lesson_ids: Collection[str]) -> Mapping[str, Hashable]:
    """Step: of what `lesson_insight` counts, by lesson: changes with each heartbeat, and with each session or
    viewer that goes. A lesson that nobody has watched has none."""
    seen = WatchCoverage
    counts = func.count(), func.sum(seen.covered), func.sum(seen.views), func.max(seen.last_at)
    viewers = select(seen.lesson_id, *counts).where(seen.lesson_id.in_(lesson_ids), ~seen.staff)
    sessions = select(VideoAnalytics.lesson_id, func.count()).where(VideoAnalytics.lesson_id.in_(lesson_ids))
    found: dict[str, tuple[Any, ...]] = {}
    for query in (
        sessions.group_by(VideoAnalytics.lesson_id),  # which retention deletes
        viewers.group_by(seen.lesson_id),
    ):
        for lesson_id, *version in await session.execute(query):
            found[lesson_id] = (*found.get(lesson_id, ()), *version)
    return found


def _insight(
    viewers: Sequence[Row[Any]], sessions: Sequence[Row[Any]], duration: int, seconds: int
) -> LessonInsight:
    percents = [min(100, 100 * row.covered // duration) for row in viewers] if duration else []
    shown = len(viewers) >= LEAST_VIEWERS and duration > 0
    retention = heatmap.counts((row.spans or () for row in viewers), duration)
    heat = heatmap.counts((row.spans or () for row in sessions), duration)
    slowly = (row for row in sessions if row.playback_speed < SLOW)
    slow = heatmap.counts((row.spans or () for row in slowly), duration)
    return LessonInsight(
        views=sum(row.views for row in viewers),
        unique_viewers=len(viewers),
        finished=sum(percent >= FINISHED_PERCENT for percent in percents),
        average_completion=round(sum(percents) / len(percents)) if percents else None,
        watch_seconds=seconds,
        last_at=max((row.last_at for row in viewers), default=None),
        retention=retention if shown else None,
        heat=heat if shown else None,
        slow=slow if shown else None,
        drop_off=heatmap.drops(retention, len(viewers), duration) if shown else None,
        speeds={f"{speed:g}": count for speed, count in _speeds(sessions).most_common()},
        qualities=_counted(row.quality_selected for row in sessions),
        devices=_counted(row.device_type for row in sessions),
    )


def _speeds(sessions: Sequence[Row[Any]]) -> Counter[float]:
    """To a quarter."""
    return Counter(round(row.playback_speed * 4) / 4 for row in sessions)


def _counted(values: Any) -> dict[str, int]:
    """Most frequent first; without those that are not known."""
    return dict(Counter(value for value in values if value).most_common())
