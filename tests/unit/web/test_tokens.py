"""Colour contrast (WCAG 2.2) of the pairs used in the style sheets, and names of tokens and classes."""

import re
from itertools import product

import pytest

from web import STATIC

CSS = STATIC / "css"
COLOUR = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
LIGHT, DARK = 0, 1
BACKGROUNDS = ("paper", "surface", "raised", "sunken")
STATUSES = ("success", "warning", "danger")
TEXT = [  # text, background: 4.5 to 1 (success criterion 1.4.3)
    *product(("ink", "ink-soft"), BACKGROUNDS),
    *product(("accent", "accent-strong", "danger"), BACKGROUNDS),
    *((status, f"{status}-wash") for status in STATUSES),
    *product(STATUSES, ("paper", "surface")),
    *(("ink", f"{name}-wash") for name in ("accent", *STATUSES)),
    ("accent", "accent-wash"),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-strong"),
    ("danger-ink", "danger"),
]
EDGES = [  # borders of fields, focus rings, progress bars: 3 to 1 (success criterion 1.4.11)
    *product(("line-strong", "accent"), ("paper", "surface", "raised")),
    ("accent", "line"),
]


def colours(theme: int) -> dict[str, str]:
    text = (CSS / "tokens.css").read_text()
    return {name: pair[theme] for name, *pair in COLOUR.findall(text)}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_has_contrast_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (EDGES, 3.0)], ids=["text", "edges"])
def test_colour_pairs_have_contrast(pairs: list[tuple[str, str]], least: float, theme: int) -> None:
    known = colours(theme)
    weak = {
        f"{front} on {background}": round(contrast(known[front], known[background]), 2)
        for front, background in pairs
        if contrast(known[front], known[background]) < least
    }
    assert weak == {}


def test_style_sheets_use_defined_tokens() -> None:
    sheets = {path.name: path.read_text() for path in CSS.glob("*.css")}
    given = {name for text in sheets.values() for name in re.findall(r"(?:^|[\s;{])--([a-z0-9-]+):", text)}
    used = {
        (sheet, name) for sheet, text in sheets.items() for name in re.findall(r"var\(--([a-z0-9-]+)", text)
    }
    assert {(sheet, name) for sheet, name in used if name not in given} == set()


def test_template_classes_have_a_rule() -> None:
    """A class without a CSS rule is misspelled or no longer used."""
    ruled = {
        name for path in CSS.glob("*.css") for name in re.findall(r"\.([a-z][a-z0-9-]*)", path.read_text())
    }
    templates = (STATIC.parent / "templates").rglob("*.html")
    written = {
        (path.name, name)
        for path in templates
        for value in re.findall(r'class="([^"]*)"', path.read_text())
        for name in re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", re.sub(r"[a-z-]+\{\{.*?\}\}", " ", value)).split()
    }
    assert {found for found in written if found[1] not in ruled} == set()
