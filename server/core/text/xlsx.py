"""XLSX workbook with one sheet, made while its rows come (ECMA-376, the parts that spreadsheets need).

Cells are typed: texts are never formulas; dates, percentages and durations are numbers with a format.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import msgspec

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EPOCH = date(1899, 12, 30)  # day 0 of serial dates
TITLE_LENGTH = 31  # characters of a sheet's name
TEXT_LENGTH = 32_767  # UTF-16 units of a cell
DAY_SECONDS = 86_400
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # not in XML 1.0
_FORBIDDEN_IN_TITLE = re.compile(r"[\[\]:*?/\\]")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_FORMATS = (0, 0, 14, 164, 46, 3, 4, 165)  # of the styles below: numbers of formats
_STYLES = [
    f'<xf numFmtId="{number}" fontId="{style == 1:d}" fillId="0" borderId="0" xfId="0"'
    f' applyFont="{style == 1:d}" applyNumberFormat="{number > 0:d}"/>'
    for style, number in enumerate(_FORMATS)
]
_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
    f'Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="0.0%"/>'
    '<numFmt numFmtId="165" formatCode="#,##0.000"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'  # readers expect these two
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    f'<cellXfs count="{len(_STYLES)}">{"".join(_STYLES)}</cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
_PLAIN, _BOLD, _DATE, _PERCENT, _SPAN = range(5)
_FIXED = {0: 5, 2: 6, 3: 7}  # style by decimal places


class Percent(msgspec.Struct, frozen=True):
    value: float  # 12.5 is 12.5 %


class Seconds(msgspec.Struct, frozen=True):
    value: float


class Fixed(msgspec.Struct, frozen=True):
    """A number with decimal places, such as an amount of money."""

    value: float
    places: int


Cell = str | int | float | date | Percent | Seconds | Fixed | None


class _Sink:
    """What the archive has written since it was last taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        found = b"".join(self._parts)
        self._parts.clear()
        return found


class Workbook:
    """`begin`, then `rows` for each lot, then `end`: each gives bytes of the file."""

    def __init__(self, title: str, headings: Sequence[str]) -> None:
        self._title, self._headings = title, headings
        self._sink = _Sink()
        self._archive = ZipFile(self._sink, "w", ZIP_DEFLATED)  # type: ignore[call-overload]
        self._count = 0

    def begin(self) -> bytes:
        for name, text in {**_PARTS, "xl/workbook.xml": _workbook(self._title)}.items():
            self._archive.writestr(_entry(name), _HEAD + text)
        self._sheet = self._archive.open(_entry("xl/worksheets/sheet1.xml"), "w")
        self._write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>')
        self._write(self._row([_text(one, _BOLD) for one in self._headings]))
        return self._sink.take()

    def rows(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        for row in rows:
            self._write(self._row([_cell(one) for one in row]))
        return self._sink.take()

    def end(self) -> bytes:
        self._write("</sheetData></worksheet>")
        self._sheet.close()
        self._archive.close()
        return self._sink.take()

    def _row(self, cells: Sequence[str]) -> str:
        self._count += 1
        return f'<row r="{self._count}">{"".join(cells)}</row>'

    def _write(self, text: str) -> None:
        self._sheet.write(text.encode())


def _entry(name: str) -> ZipInfo:
    """With a fixed time, so that the same rows are the same file."""
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    return entry


def _workbook(title: str) -> str:
    name = _FORBIDDEN_IN_TITLE.sub(" ", _FORBIDDEN.sub("", title))[:TITLE_LENGTH].strip("' ") or "1"
    quoted = escape(name, {'"': "&quot;"})
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{quoted}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _cell(value: Cell) -> str:
    match value:
        case None:
            return "<c/>"
        case str():
            return _text(value, _PLAIN)
        case date():
            return _number((value - EPOCH).days, _DATE)
        case Percent():
            return _number(value.value / 100, _PERCENT)
        case Seconds():
            return _number(value.value / DAY_SECONDS, _SPAN)
        case Fixed():
            return _number(value.value, _FIXED.get(value.places, _PLAIN))
        case _:
            return _number(value, _FIXED[0] if isinstance(value, int) else _PLAIN)


def _number(value: float, style: int) -> str:
    return f'<c s="{style}"><v>{value!r}</v></c>'


def _text(value: str, style: int) -> str:
    told = escape(_cut(_FORBIDDEN.sub("", value)))
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{told}</t></is></c>'


def _cut(text: str) -> str:
    """To what a cell holds; a character outside of the basic plane counts twice."""
    if len(text) <= TEXT_LENGTH // 2:
        return text
    return text.encode("utf-16-le")[: TEXT_LENGTH * 2].decode("utf-16-le", "ignore")
