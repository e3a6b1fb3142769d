"""Who runs this server: the name in the bar and the zone that days are counted in."""

from zoneinfo import ZoneInfo, available_timezones

import msgspec
import structlog
from litestar import Litestar
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from server.accounts.administrators import NOBODY_YET
from server.kit.errors import Invalid
from server.kit.text import one_line
from storage.database.engine import Database
from storage.database.tables import Institution

log = structlog.get_logger()
STATE_KEY = "institution_name"  # where `server.kit.pages` finds it
NAME_LENGTH = 80


class InstitutionView(msgspec.Struct, frozen=True):
    name: str = "SkillStudio"
    time_zone: str = "UTC"  # IANA name
    set_up: bool = False  # whether somebody can administer


async def get(database: Database) -> InstitutionView:
    async with database.read() as session:
        row = await session.get(Institution, 1)
        set_up = not await session.scalar(select(NOBODY_YET))
    if row is None:
        return InstitutionView(set_up=set_up)
    return InstitutionView(row.name, row.time_zone, set_up)


async def show_name(app: Litestar) -> None:
    """Read the name into the application's state: after a change, and where people sign in."""
    app.state[STATE_KEY] = (await get(app.state["database"])).name


async def show_name_from_the_start(app: Litestar) -> None:
    """A database that is away for now must not keep the server from starting: health tells of it."""
    try:
        await show_name(app)
    except (DBAPIError, OSError) as away:
        log.warning("the name of the institution is not known yet", error=str(away))


def clean_name(text: str) -> str:
    name = one_line(text)
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        sentence = "Write a name of 1 to 80 characters."
        raise Invalid(sentence, fields={"institution": sentence})
    return name


def clean_time_zone(text: str) -> str:
    if text not in available_timezones():
        sentence = "Choose a time zone from the list."
        raise Invalid(sentence, fields={"time_zone": sentence})
    return ZoneInfo(text).key


def time_zones() -> list[str]:
    """Those that people look for: by place, and UTC."""
    odd = ("Etc/", "US/", "posix/", "right/", "SystemV/")
    return [
        "UTC",
        *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(odd)),
    ]
