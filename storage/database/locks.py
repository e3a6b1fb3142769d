"""Row locks and advisory locks, across processes and machines."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import ARRAY, String, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

Row = TypeVar("Row")


async def lock_row(session: AsyncSession, table: type[Row], key: str) -> Row | None:
    """Row lock until the end of the transaction, and the row as it is now. SQLite has one writer anyway."""
    return await session.get(table, key, with_for_update=True, populate_existing=True)


async def advisory_lock(session: AsyncSession, what: str) -> None:
    """Advisory lock named `what`, held until the end of the transaction. No-op on SQLite: it has one writer.

    Callers that take several locks take them in the same order everywhere, to avoid deadlocks.
    """
    if session.get_bind().dialect.name != "sqlite":
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(what, 0))))


async def advisory_locks_shared(session: AsyncSession, names: Sequence[str]) -> None:
    """Advisory locks that any number of transactions hold together, while none holds `advisory_lock` of one
    of them; taken in the order of `names`."""
    if session.get_bind().dialect.name != "sqlite":
        wanted = func.unnest(cast(names, ARRAY(String))).column_valued("wanted")
        await session.execute(select(func.pg_advisory_xact_lock_shared(func.hashtextextended(wanted, 0))))
