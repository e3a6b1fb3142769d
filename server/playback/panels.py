"""Player, as a panel of the learner's page of a lesson."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.web.pages import Panel
from server.playback.service import playback
from storage.database.tables import Lesson


async def player(
    session: AsyncSession, viewer: Viewer, lesson: Lesson, keys: Sequence[bytes], now: datetime
) -> Panel:
    """Step. The caller has checked that the viewer may see the lesson."""
    shown = await playback(session, lesson, viewer.id, keys, now)
    return Panel(
        "playback/panel.html", {"playback": shown, "playback_json": msgspec.json.encode(shown).decode()}
    )
