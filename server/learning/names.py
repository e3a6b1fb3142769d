"""Names under which people of a course appear to each other."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.tables import User


async def shown_names(session: AsyncSession, user_ids: Iterable[str | None]) -> dict[str, str]:
    """Step: name by id, as in the list of people. The one place for a name that its person chose to hide."""
    wanted = sorted({user_id for user_id in user_ids if user_id})
    rows = await session.execute(select(User.id, User.name).where(User.id.in_(wanted)))
    return dict(rows.all())
