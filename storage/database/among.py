"""Membership in a list of any length by a statement of constant text, which the database prepares once.

SQLAlchemy's own `in_` writes a parameter for each value: each length is another statement to parse and plan,
in the hot path of heartbeats about a third of the database's work (docs/benchmarks.md).
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import ARRAY, ColumnElement, any_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession


def among(session: AsyncSession, column: Any, values: Iterable[str]) -> ColumnElement[bool]:
    """Condition of a column with text. The values are in order, so that rows are locked in it."""
    wanted = sorted(values)
    dialect = session.get_bind().dialect
    if dialect.name != "sqlite":
        return column == any_(literal(wanted, ARRAY(column.type)))  # type: ignore[no-any-return]
    process = column.type.bind_processor(dialect)
    stored = [process(value) for value in wanted] if process else wanted
    listed = func.json_each(msgspec.json.encode(stored).decode()).table_valued("value")
    return column.in_(select(listed.c.value))  # type: ignore[no-any-return]
