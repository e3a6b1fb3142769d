"""UPDATE of many rows by their primary keys."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import documents
from storage.database.base import Base


async def update_rows(session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Write rows that exist: each has its primary key and the same other columns, which are replaced."""
    if not rows:
        return
    stored: Any = table.__table__
    dialect, names = session.get_bind().dialect, tuple(rows[0])
    if dialect.name == "sqlite":
        values = [{f"new_{name}": row[name] for name in names} for row in rows]
        await session.execute(_one_by_one(table, names), values)
    else:
        await session.execute(_at_once(table, names), documents.document(stored, rows, dialect))


@lru_cache(maxsize=64)
def _one_by_one(table: type[Base], names: tuple[str, ...]) -> Any:
    stored: Any = table.__table__
    return _update(stored, {name: bindparam(f"new_{name}", type_=stored.c[name].type) for name in names})


@lru_cache(maxsize=64)
def _at_once(table: type[Base], names: tuple[str, ...]) -> Any:
    stored: Any = table.__table__
    return _update(stored, dict(documents.given(stored, names).c))


def _update(stored: Any, values: dict[str, Any]) -> Any:
    key = [column.name for column in stored.primary_key]
    found = update(stored).where(*(stored.c[name] == values[name] for name in key))
    return found.values({name: value for name, value in values.items() if name not in key})
