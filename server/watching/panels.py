"""Progress of the viewer through a lesson's video, as a panel of the lesson's page; the player reads it."""

from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.web.pages import Panel
from server.watching.coverage import watching
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
