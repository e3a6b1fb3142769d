"""Panel of the administration page: messages that wait, and those that were given up."""

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.web.pages import Panel
from server.outbox import service


async def messages(session: AsyncSession) -> Panel | None:
    """None while everything goes out."""
    found = await service.figures(session)
    if not found.delayed and not found.failed:
        return None
    return Panel("outbox/panel.html", {"outbox": found})
