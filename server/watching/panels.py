"""Panels of a lesson's pages: the viewer's progress, which the player reads, and how the video is watched."""

from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.web.pages import Panel
from server.watching.coverage import watching
from server.watching.insight.lesson import lesson_insight
from storage.database.tables import Lesson


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


async def insight(session: AsyncSession, lesson: Lesson) -> Panel | None:
    """Step: how the video is watched, for those who teach the lesson. None before the first view."""
    if lesson.video_id is None:
        return None
    figures = await lesson_insight(session, lesson)
    if not figures.unique_viewers:
        return None
    return Panel(
        "watching/insight.html",
        {"figures": figures, "lesson": lesson, "line": _line(figures.retention), "bars": figures.heat},
    )


def _line(retention: list[int] | None) -> str:
    """Points of an SVG polygon of 100 by 40: the retention, from the bottom left to the bottom right."""
    if not retention:
        return ""
    top = max(retention) or 1
    points = [(step, 40 - 38 * count / top) for step, count in enumerate(retention)]
    return " ".join(f"{x},{y:.1f}" for x, y in ((0, 40), *points, (100, points[-1][1]), (100, 40)))
