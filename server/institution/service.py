"""The institution that runs this server: its name, the time zone that days are counted in, its looks."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.audit.recording import record
from server.core.errors import all_valid
from server.core.text import versions
from server.institution import rules
from server.institution.colours import rules as colours
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import Institution
from storage.states.privacy import AuditAction

LOGO = "/institution/logo/"  # path of the logo, before its id


class InstitutionView(msgspec.Struct, frozen=True):
    name: str = "SkillStudio"
    time_zone: str = "UTC"  # IANA name
    day_start_hour: int = 0  # 0-23, when a local day begins
    language: str = "en"  # of those whose browser asks for none that there is
    accent: str = ""  # colour as in #0d6078; empty: the product's own
    accent_dark: str = ""  # in the dark scheme; empty: a lighter accent
    logo: str | None = None  # id of the object
    logo_type: str | None = None  # media type
    version: int = 1  # raised by each change of the texts

    @property
    def logo_url(self) -> str:
        """Empty without a logo. Another logo has another address."""
        return LOGO + self.logo if self.logo else ""

    @property
    def style_url(self) -> str:
        """Address of the style sheet with the accent; empty without one."""
        return f"/institution.css?v={self.version}" if self.accent else ""


async def get(database: Database) -> InstitutionView:
    async with database.read() as session:
        return await shown(session)


async def shown(session: AsyncSession) -> InstitutionView:
    """Step."""
    row = await session.get(Institution, 1)
    return view(row) if row else InstitutionView()


def view(row: Institution) -> InstitutionView:
    return InstitutionView(**{name: getattr(row, name) for name in InstitutionView.__struct_fields__})


async def save(
    database: Database,
    values: Mapping[str, str],
    version: int | UnsetType,
    now: datetime,
    started: versions.Started = versions.NOT_STATED,
    *,
    by: str | None = None,
) -> InstitutionView:
    """Use case: change what `values` names. Days that are over keep their labels.

    Raises Invalid, and EditConflict for a save over a later one.
    """
    checks = {
        "name": lambda: rules.clean_name(values["name"], "name"),
        "time_zone": lambda: rules.clean_time_zone(values["time_zone"]),
        "day_start_hour": lambda: rules.clean_day_start(values["day_start_hour"]),
        "language": lambda: rules.clean_language(values["language"]),
        "accent": lambda: colours.clean(values["accent"], colours.LIGHT, "accent"),
        "accent_dark": lambda: colours.clean(values["accent_dark"], colours.DARK, "accent_dark"),
    }
    clean: dict[str, str | int] = {**all_valid({name: checks[name] for name in values})}
    if "day_start_hour" in clean:
        clean["day_start_hour"] = int(clean["day_start_hour"])
    async with database.write() as session:
        row = await locked(session)
        row.updated_at = row.updated_at or now
        before = row.version
        versions.save(row, clean, version, started)
        if row.version != before:
            row.updated_at = now
            data = {"settings": sorted(clean)}
            await record(session, by, AuditAction.INSTITUTION_CHANGED, now, data=data)
        await session.flush()
        return view(row)


async def locked(session: AsyncSession) -> Institution:
    """Step: the row, made if there is none, locked until the end of the transaction."""
    await insert_new(session, Institution, id=1)
    return await session.get_one(Institution, 1, with_for_update=True, populate_existing=True)
