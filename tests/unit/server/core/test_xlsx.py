"""Workbooks, read back with zipfile and an XML parser."""

from datetime import date
from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.text.xlsx import Cell, Fixed, Percent, Seconds, Workbook

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def made(*lots: list[list[Cell]], title: str = "Sheet", headings: tuple[str, ...] = ("A",)) -> bytes:
    book = Workbook(title, headings)
    return b"".join([book.begin(), *(book.rows(lot) for lot in lots), book.end()])


def sheet(data: bytes) -> list[list[tuple[str | None, str | None, str]]]:
    """Type, style and value of each cell."""
    with ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        root = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    return [
        [(cell.get("t"), cell.get("s"), "".join(cell.itertext())) for cell in row]
        for row in root.iter(f"{MAIN}row")
    ]


def test_cells_have_their_types() -> None:
    rows: list[list[Cell]] = [
        ["=1+1", 5, 2.5, date(2026, 11, 27), Percent(12.5), Seconds(5400), Fixed(-9.9, 2), None]
    ]
    head, cells = sheet(made(rows))
    assert head == [("inlineStr", "1", "A")]
    assert cells == [
        ("inlineStr", "0", "=1+1"),
        (None, "5", "5"),
        (None, "0", "2.5"),
        (None, "2", "46353"),
        (None, "3", "0.125"),
        (None, "4", "0.0625"),
        (None, "6", "-9.9"),
        (None, None, ""),
    ]


def test_parts_name_each_other() -> None:
    with ZipFile(BytesIO(made([]))) as archive:
        types = archive.read("[Content_Types].xml").decode()
        assert all(
            f'"/{name}"' in types
            for name in archive.namelist()
            if name.startswith("xl/") and "_rels" not in name
        )
        styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
        formats = styles.find(f"{MAIN}cellXfs")
        assert formats is not None
        assert len(formats) == int(formats.get("count", "0")) == 8


def test_styles_have_every_part_that_readers_expect() -> None:
    """In the order of the schema; every style names a font, a fill and a border that there are. openpyxl
    refuses a fill without a pattern."""
    with ZipFile(BytesIO(made([]))) as archive:
        styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
    names = [one.tag.removeprefix(MAIN) for one in styles]
    assert names == ["numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles"]
    assert all(len(one) == int(one.get("count", "0")) for one in styles)
    parts = dict(zip(names, styles, strict=True))
    patterns = [one.get("patternType") for one in parts["fills"].iter(f"{MAIN}patternFill")]
    assert patterns == ["none", "gray125"]
    assert all(one.find(f"{MAIN}sz") is not None for one in parts["fonts"])
    sides = [one.tag.removeprefix(MAIN) for one in parts["borders"][0]]
    assert sides == ["left", "right", "top", "bottom", "diagonal"]
    own = [one.get("numFmtId") for one in parts["numFmts"]]
    for style in (*parts["cellStyleXfs"], *parts["cellXfs"]):
        for kind in ("font", "fill", "border"):
            assert int(style.get(f"{kind}Id", "-1")) in range(len(parts[f"{kind}s"]))
        assert int(style.get("numFmtId", "164")) < 164 or style.get("numFmtId") in own
    assert all(style.get("xfId") == "0" for style in parts["cellXfs"])


@pytest.mark.parametrize(("text", "kept"), [("x", 32_767), ("\U0001f600", 16_383)])
def test_long_text_is_cut_to_what_a_cell_holds(text: str, kept: int) -> None:
    assert sheet(made([[text * 40_000]]))[1][0][2] == text * kept


def test_rows_leave_before_the_end() -> None:
    book = Workbook("Sheet", ["A"])
    sent = len(book.begin())
    for number in range(200):
        sent += len(book.rows([[f"{number * 7919 % 1000} of some text"] for _ in range(100)]))
    assert sent > 1000
    rest = book.end()
    assert len(rest) < sent


@given(st.text(), st.lists(st.text(), max_size=5))
def test_any_text_is_kept_but_what_xml_forbids(title: str, texts: list[str]) -> None:
    rows: list[list[Cell]] = [[text] for text in texts]
    read = sheet(made(rows, title=title))
    assert len(read) == len(texts) + 1
    for row, text in zip(read[1:], texts, strict=True):
        wanted = "".join(one for one in text if one in "\t\n\r" or (one >= " " and one not in "\ufffe\uffff"))
        assert row[0][2].replace("\r\n", "\n").replace("\r", "\n") == wanted.replace("\r\n", "\n").replace(
            "\r", "\n"
        )


def test_same_rows_are_the_same_file() -> None:
    assert made([["a", 1]]) == made([["a", 1]])
