"""Name, language and looks of the institution, as every page needs them without reading the database."""

import asyncio
from collections.abc import Callable

import structlog

from server.institution import service
from server.institution.service import InstitutionView
from storage.database.engine import Database

log = structlog.get_logger()

FRESH_SECONDS = 2.0  # after which a process looks whether another one has changed it


class InstitutionCache:
    """What the row says, read at most every FRESH_SECONDS and process, and only while requests come."""

    def __init__(self, database: Database, monotonic: Callable[[], float]) -> None:
        self._database, self._monotonic = database, monotonic
        self._lock = asyncio.Lock()
        self._fresh_until = float("-inf")
        self.known = InstitutionView()

    async def now(self) -> InstitutionView:
        if self._monotonic() < self._fresh_until:
            return self.known
        async with self._lock:
            if self._monotonic() >= self._fresh_until:
                await self.load()
            return self.known

    async def load(self) -> None:
        """Read now: after a change. While the database cannot be read, what was known before stays."""
        try:
            self.known = await service.get(self._database)
        except Exception as failure:
            log.warning("institution not read", error=f"{type(failure).__name__}: {failure}")
        self._fresh_until = self._monotonic() + FRESH_SECONDS
