"""Figures of past days, counted before somebody asks for them: after a start, and after days were computed.

A process keeps them; with them, the first page of an administrator takes no longer than the next one.
"""

import asyncio
from collections.abc import Hashable
from contextlib import suppress
from datetime import datetime

import structlog

from server.analytics import service
from server.analytics.console import asking, building
from server.analytics.console.rules import Span
from server.analytics.definitions.scope import EVERYTHING
from server.analytics.definitions.settled import version_of
from server.analytics.rollups.tasks import today
from server.analytics.rules import EVER, Range, later
from server.core.clock import Clock
from storage.database.engine import Database

log = structlog.get_logger(__name__)

SPANS = (Span.MONTH, Span.WEEK, Span.QUARTER, Span.TERM)  # that a page offers, its own first
DAYS = 30  # that the API answers with, unless others are asked for
LOOK_SECONDS = 60.0  # between two looks
REST_SECONDS = 300.0  # after counting: in the first minutes of a day, the one before is computed often


async def keep_counted(database: Database, clock: Clock, stopping: asyncio.Event) -> None:
    """Until `stopping`."""
    known: Hashable = None
    while not stopping.is_set():
        seconds = LOOK_SECONDS
        try:
            if (found := await count_ahead(database, clock.now(), known)) != known:
                known, seconds = found, REST_SECONDS
        except Exception as failure:  # the database may be unreachable for a while
            log.warning("figures could not be counted ahead", error=f"{type(failure).__name__}: {failure}")
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stopping.wait()


async def count_ahead(database: Database, now: datetime, known: Hashable = None) -> Hashable:
    """Use case: count what the pages show of everything, unless its version is `known`; its version. None
    while yesterday is not computed: then its facts still come in, and nothing of it is kept."""
    async with database.read() as session:
        current = await today(session, now)
        version = await version_of(session, EVERYTHING, Range(EVER, later(current, -1)))
    if version is None or (current, version) == known:
        return None if version is None else known
    for one in SPANS:  # each in a reading of its own: a long one keeps SQLite from shortening its log
        async with database.read() as session:
            await building.console(session, (await asking.asked(session, {"range": one}, now)).ask)
    async with database.read() as session:
        await service.engagement(session, EVERYTHING, await service.recent(session, DAYS, now), now)
    return (current, version)
