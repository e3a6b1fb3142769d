"""Rows as one JSON document, which PostgreSQL reads like a table: one statement of constant text writes any
number of them.

A statement for each row, or one with a parameter for each value, costs it several times the work
(docs/benchmarks.md). SQLite runs in this process and takes rows one by one.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Dialect,
    LargeBinary,
    String,
    Table,
    TableValuedAlias,
    TypeDecorator,
    bindparam,
    cast,
    column,
    func,
)
from sqlalchemy.dialects.postgresql import JSON

ROWS = "rows"  # name of the parameter


def is_possible(table: Table, names: Sequence[str]) -> bool:
    """Whether JSON can hold these columns, and no value of another column is computed in Python."""
    computed = any(
        one.default is not None and not one.default.is_scalar for one in table.c if one.name not in names
    )
    return not computed and not any(isinstance(table.c[name].type, LargeBinary) for name in names)


def given(table: Table, names: Sequence[str]) -> TableValuedAlias:
    """The document as a table with these columns."""
    rows = func.json_to_recordset(cast(bindparam(ROWS, type_=String), JSON))
    columns = (column(name, table.c[name].type) for name in names)
    return rows.table_valued(*columns, name="given").render_derived(with_types=True)


def document(table: Table, rows: Sequence[dict[str, Any]], dialect: Dialect) -> dict[str, str]:
    """The parameter: values as the columns' types pass them to the driver."""
    kinds = {name: table.c[name].type for name in rows[0]}
    passed = [{name: _passed(kind, row[name], dialect) for name, kind in kinds.items()} for row in rows]
    return {ROWS: msgspec.json.encode(passed).decode()}


def _passed(kind: Any, value: Any, dialect: Dialect) -> Any:
    return kind.process_bind_param(value, dialect) if isinstance(kind, TypeDecorator) else value
