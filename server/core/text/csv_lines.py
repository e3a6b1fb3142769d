"""CSV lines for spreadsheets: UTF-8 with a byte order mark, and no cell that is taken for a formula. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

BYTE_ORDER_MARK = "\ufeff"  # by which Excel knows UTF-8
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]\d+(?:\.\d+)?", re.ASCII)


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """Lines of the rows. A cell that a spreadsheet would take for a formula begins with an apostrophe; a
    plain number, as -49.00, stays one."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([f"'{cell}" if _is_formula(cell) else cell for cell in row])
    return text.getvalue()


def _is_formula(cell: str) -> bool:
    return cell.startswith(FORMULA) and _NUMBER.fullmatch(cell) is None
