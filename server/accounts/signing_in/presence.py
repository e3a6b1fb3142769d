"""When sessions and tokens were used last: noted where the database can take it. A page that only reads is
shown, whether or not a write is possible."""

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy import Update
from sqlalchemy.exc import SQLAlchemyError

from storage.database.engine import Database

log = structlog.get_logger(__name__)

PATIENCE = 0.5  # seconds that a request waits for its note
PAUSE = 10.0  # seconds without notes after one that failed or took longer
MOST = 16  # notes under way: the others are left to the next request of their session


class Presence:
    def __init__(self, database: Database, monotonic: Callable[[], float]) -> None:
        self._database = database
        self._monotonic = monotonic
        self._under_way: dict[str, asyncio.Task[bool]] = {}
        self._not_before = 0.0

    async def note(self, name: str, statement: Update) -> None:
        """Write it once for each name at a time. It is finished in the background when it takes longer: a
        statement that is cancelled while it waits for a lock could still get it."""
        if name in self._under_way or len(self._under_way) >= MOST or self._monotonic() < self._not_before:
            return
        task = self._under_way[name] = asyncio.create_task(self._write(statement))
        task.add_done_callback(lambda _done: self._under_way.pop(name))
        done, _pending = await asyncio.wait({task}, timeout=PATIENCE)
        if not done or not task.result():
            self._not_before = self._monotonic() + PAUSE

    async def _write(self, statement: Update) -> bool:
        try:
            async with self._database.write() as session:
                await session.execute(statement)
        except (SQLAlchemyError, OSError) as error:
            log.warning("last use not noted", reason=str(error))
            return False
        return True
