"""Panel of challenges on the learner's dashboard."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.web.pages import Panel
from server.gamification.teams.challenges import shown


async def challenges(session: AsyncSession, viewer: Viewer, now: datetime) -> Panel | None:
    """Step: bars and badges; None where there are none."""
    found = await shown.of_learner(session, viewer.id, now)
    if not found.challenges and not found.badges:
        return None
    return Panel("gamification/teams_panel.html", {"found": found})
