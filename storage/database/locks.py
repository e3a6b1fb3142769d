"""Advisory locks across processes and machines."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def advisory_lock(session: AsyncSession, what: str) -> None:
    """Advisory lock named `what`, held until the end of the transaction. No-op on SQLite: it has one writer.

    Callers that take several locks take them in the same order everywhere, to avoid deadlocks.
    """
    if session.get_bind().dialect.name != "sqlite":
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(what, 0))))
