"""Tables that those who teach see: those of the console, without money. Pure."""

import msgspec

from server.analytics.console.building import Console
from server.analytics.console.tables import TABLES, Kind, Table

SHOWN = ("learning", "engagement", "funnel", "retention", "courses")


def shown(console: Console, name: str) -> Table:
    """`name`: of SHOWN."""
    table = TABLES[name](console)
    kept = [place for place, column in enumerate(table.columns) if column.kind != Kind.MONEY]
    return msgspec.structs.replace(
        table,
        columns=[table.columns[place] for place in kept],
        rows=[tuple(row[place] for place in kept) for row in table.rows],
    )
