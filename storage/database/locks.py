"""One at a time, across processes and machines, until the transaction ends."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def advisory_lock(session: AsyncSession, what: str) -> None:
    """Waits for whoever holds the same `what`. SQLite has one writer anyway.

    Who takes several takes them in the same order as everybody else.
    """
    if session.get_bind().dialect.name != "sqlite":
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(what, 0))))
