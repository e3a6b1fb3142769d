"""Order and counts of lists, the same on SQLite and PostgreSQL."""

from typing import Any

from sqlalchemy import Select, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class by_code_point(FunctionElement[str]):  # noqa: N801 - used like SQLAlchemy's own functions
    """Sort term of a text column that ignores the database's collation.

    SQLite compares bytes; PostgreSQL by default as its locale says, which differs between machines.
    """

    inherit_cache = True


@compiles(by_code_point)
def _bytes(element: by_code_point, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(by_code_point, "postgresql")
def _collated(element: by_code_point, compiler: SQLCompiler, **options: Any) -> str:
    return f'{compiler.process(element.clauses, **options)} COLLATE "C"'


async def count_rows(session: AsyncSession, query: Select[*tuple[Any, ...]]) -> int:
    """Number of rows that `query` finds. It neither groups nor removes duplicates."""
    counted = query.with_only_columns(func.count(), maintain_column_froms=True)
    return await session.scalar(counted) or 0


async def count_by(
    session: AsyncSession, column: InstrumentedAttribute[Any], query: Select[*tuple[Any, ...]]
) -> dict[str, int]:
    """Number of rows of `query` for each value of a column of its tables."""
    counted = query.with_only_columns(column, func.count(), maintain_column_froms=True)
    return {str(value): count for value, count in await session.execute(counted.group_by(column))}
