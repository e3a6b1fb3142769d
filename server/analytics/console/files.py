"""Tables as files, CSV and XLSX, written in lots while they are read."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from server.analytics.console.tables import Cell, Column, Kind, Table
from server.core.text import xlsx
from server.core.text.csv_lines import BYTE_ORDER_MARK, csv_lines
from server.core.text.formats import translated
from server.core.text.money import major, places

LOT = 500  # rows
Lots = AsyncIterator[Sequence[tuple[Cell, ...]]]
FORMATS = {"csv": "text/csv", "xlsx": xlsx.MEDIA_TYPE}


async def lots(table: Table) -> Lots:
    for start in range(0, len(table.rows), LOT):
        yield table.rows[start : start + LOT]


def written(kind: str, title: str, columns: Sequence[Column], rows: Lots) -> AsyncIterator[str | bytes]:
    """The file in parts. `kind`: of FORMATS."""
    make: Callable[..., AsyncIterator[str | bytes]] = _csv if kind == "csv" else _xlsx
    return make(title, columns, rows)


async def _csv(_title: str, columns: Sequence[Column], rows: Lots) -> AsyncIterator[str | bytes]:
    yield BYTE_ORDER_MARK + csv_lines([[translated(one.name) for one in columns]])
    async for lot in rows:
        yield csv_lines(_texts(columns, lot))


async def _xlsx(title: str, columns: Sequence[Column], rows: Lots) -> AsyncIterator[str | bytes]:
    book = xlsx.Workbook(title, [translated(one.name) for one in columns])
    yield book.begin()
    async for lot in rows:
        yield book.rows([[_typed(*pair) for pair in zip(columns, row, strict=True)] for row in lot])
    yield book.end()


def _texts(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> Iterator[list[str]]:
    for row in rows:
        yield [_text(*pair) for pair in zip(columns, row, strict=True)]


def _text(column: Column, cell: Cell) -> str:
    """As programs read it: days as in 2026-11-27, whole seconds and bytes, amounts with a point."""
    if cell is None:
        return ""
    if column.kind == Kind.TERM:
        return translated(str(cell))
    if column.kind == Kind.MONEY:
        return str(major(int(cell), column.currency))
    return str(cell)


def _typed(column: Column, cell: Cell) -> xlsx.Cell:
    if cell is None:
        return None
    if isinstance(cell, Decimal):
        return xlsx.Fixed(float(cell), -int(cell.as_tuple().exponent))
    match column.kind:
        case Kind.DAY:
            return date.fromisoformat(str(cell))
        case Kind.TERM:
            return translated(str(cell))
        case Kind.PERCENT:
            return xlsx.Percent(float(cell))
        case Kind.SECONDS:
            return xlsx.Seconds(float(cell))
        case Kind.MONEY:
            return xlsx.Fixed(float(major(int(cell), column.currency)), places(column.currency))
        case _:
            return cell
