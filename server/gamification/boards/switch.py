"""Switch of the leaderboards: an institution may do without them."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.audit.recording import record
from server.core.errors import NotFound
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import GameSettings
from storage.messages import N_
from storage.states.privacy import AuditAction

FRESH_SECONDS = 2.0
OFF = N_("There are no leaderboards here: the institution has switched them off.")


async def boards_on(session: AsyncSession) -> bool:
    """Step."""
    row = await session.get(GameSettings, 1)
    return row is None or row.boards_on


async def require_boards(session: AsyncSession) -> None:
    """Step. Raises NotFound while they are off."""
    if not await boards_on(session):
        raise NotFound(OFF)


async def switch_boards(database: Database, now: datetime, *, on: bool, by: str | None = None) -> None:
    """Use case. XP and places are kept up to date meanwhile, so that nothing is missing afterwards."""
    async with database.write() as session:
        if await boards_on(session) == on:
            return
        if not await insert_new(session, GameSettings, id=1, boards_on=on):
            await session.execute(update(GameSettings).values(boards_on=on))
        await record(session, by, AuditAction.BOARDS_SWITCHED, now, data={"on": on})


class BoardsSwitch:
    """What the row says, for the navigation bar: read at most every two seconds and process."""

    def __init__(self, database: Database, monotonic: Callable[[], float]) -> None:
        self._database, self._monotonic = database, monotonic
        self._fresh_until = float("-inf")
        self.on = False

    async def refresh(self) -> None:
        """While the database cannot be read, what was known before: handlers report it better."""
        if self._monotonic() < self._fresh_until:
            return
        with suppress(DBAPIError, OSError):
            async with self._database.read() as session:
                self.on = await boards_on(session)
        self._fresh_until = self._monotonic() + FRESH_SECONDS

    def forget(self) -> None:
        """Read the row again for the next page."""
        self._fresh_until = float("-inf")
