"""Panels of a lesson's pages: the viewer's progress, which the player reads, and how the video is watched."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.web.pages import Panel
from server.playback.published import published
from server.playback.service import media_root
from server.watching.coverage import watching
from server.watching.insight.lesson import lesson_insight
from server.watching.insight.strip import frames
from storage.database.tables import Lesson
from storage.objects.keys import storyboard_sheet, video


async def watched(
    session: AsyncSession, viewer: Viewer, lesson: Lesson, *, staff: bool, key: bytes, now: datetime
) -> Panel | None:
    """Step. The caller has checked that the viewer may see the lesson. None while nothing can be played."""
    if lesson.video_id is None:
        return None
    shown = await watching(session, viewer, lesson, staff=staff, key=key, now=now)
    return Panel(
        "watching/panel.html", {"watching": shown, "watching_json": msgspec.json.encode(shown).decode()}
    )


async def insight(
    session: AsyncSession, viewer: Viewer, lesson: Lesson, keys: Sequence[bytes], now: datetime
) -> Panel | None:
    """Step: how the video is watched, for those who teach the lesson. None before the first view."""
    if lesson.video_id is None:
        return None
    figures = await lesson_insight(session, lesson)
    if not figures.unique_viewers:
        return None
    values = {"figures": figures, "lesson": lesson, "line": _line(figures.retention), "bars": figures.heat}
    strip = await _strip(session, viewer, lesson, lesson.video_id, keys, now) if figures.retention else None
    return Panel("watching/insight.html", values | {"strip": strip})


async def _strip(
    session: AsyncSession,
    viewer: Viewer,
    lesson: Lesson,
    video_id: str,
    keys: Sequence[bytes],
    now: datetime,
) -> dict[str, Any] | None:
    """Frames above the chart, and the address that their sheets begin with. None without a storyboard."""
    known = await published(session, video_id)
    if known is None or not known.ended or known.plan.storyboard is None:
        return None
    board = known.plan.storyboard
    duration = lesson.video_duration_seconds or known.plan.duration
    root = media_root(keys[0], video_id, viewer.id, now, known.plan.duration)
    return {
        "board": board,
        "frames": [
            (frame, root + storyboard_sheet(video_id, frame.sheet).removeprefix(video(video_id)))
            for frame in frames(board, duration)
        ],
    }


def _line(retention: list[int] | None) -> str:
    """Points of an SVG polygon of 100 by 40: the retention, from the bottom left to the bottom right."""
    if not retention:
        return ""
    top = max(retention) or 1
    points = [(step, 40 - 38 * count / top) for step, count in enumerate(retention)]
    return " ".join(f"{x},{y:.1f}" for x, y in ((0, 40), *points, (100, points[-1][1]), (100, 40)))
