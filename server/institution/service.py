"""The institution that runs this server: its name, and the time zone that days are counted in."""

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.engine import Database
from storage.database.tables import Institution


class InstitutionView(msgspec.Struct, frozen=True):
    name: str = "SkillStudio"
    time_zone: str = "UTC"  # IANA name
    day_start_hour: int = 0  # 0-23, when a local day begins


async def get(database: Database) -> InstitutionView:
    async with database.read() as session:
        return await shown(session)


async def shown(session: AsyncSession) -> InstitutionView:
    """Step."""
    row = await session.get(Institution, 1)
    return InstitutionView(row.name, row.time_zone, row.day_start_hour) if row else InstitutionView()
