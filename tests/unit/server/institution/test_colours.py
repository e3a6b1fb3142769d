"""Accents are readable in both schemes, or refused with the nearest that is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.institution.colours import rules
from server.institution.colours.rules import DARK, LIGHT, Scheme
from web import STATIC

TOKEN = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")
BOTH = pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])


def tokens(place: int) -> dict[str, str]:
    found = TOKEN.findall((STATIC / "css" / "tokens.css").read_text())
    return {name: colours[place] for name, *colours in found}


@pytest.mark.parametrize(("scheme", "place"), [(LIGHT, 0), (DARK, 1)], ids=["light", "dark"])
def test_backgrounds_are_those_of_the_style_sheets(scheme: Scheme, place: int) -> None:
    known = tokens(place)
    names = ("paper", "surface", "raised", "sunken")
    assert scheme.backgrounds == tuple(known[name] for name in names)
    assert scheme.ink == known["ink"]
    assert rules.is_readable(known["accent"], scheme)


@BOTH
@given(colour=COLOURS)
def test_nearest_colour_can_be_read(colour: str, scheme: Scheme) -> None:
    found = rules.nearest(colour, scheme)
    assert rules.weakest(found, scheme) >= 4.5
    assert rules.nearest(found, scheme) == found
    if rules.is_readable(colour, scheme):
        assert found == colour
    colours = rules.palette(found, scheme)
    for background in (*scheme.backgrounds, colours.wash):
        assert rules.contrast(colours.accent, background) >= 4.5
    for background in scheme.backgrounds:
        assert rules.contrast(colours.strong, background) >= 4.5
    assert rules.contrast(colours.ink, colours.accent) >= 4.5
    assert rules.contrast(colours.ink, colours.strong) >= 4.5
    assert rules.contrast(scheme.ink, colours.wash) >= 4.5


def test_yellow_is_refused_with_a_brown() -> None:
    with pytest.raises(Invalid) as caught:
        rules.clean("#FFCC00", LIGHT, "accent")
    told = str(caught.value)
    nearest = re.findall(r"#[0-9a-f]{6}", told)[-1]
    assert "#ffcc00 cannot be read on light pages" in told
    assert rules.clean(nearest, LIGHT, "accent") == nearest
    red, green, blue = (int(nearest[at : at + 2], 16) for at in (1, 3, 5))
    assert red > green > blue  # still of the yellow's hue
    assert rules.clean("#ffcc00", DARK, "accent_dark") == "#ffcc00"


def test_dark_blue_is_refused_on_dark_pages() -> None:
    with pytest.raises(Invalid, match="dark pages"):
        rules.clean("#000080", DARK, "accent_dark")
    assert rules.clean("#000080", LIGHT, "accent") == "#000080"


@pytest.mark.parametrize(("typed", "clean"), [("", ""), (" 0D6078 ", "#0d6078"), ("#036", "#003366")])
def test_ways_to_write_a_colour(typed: str, clean: str) -> None:
    assert rules.clean(typed, LIGHT, "accent") == clean


@pytest.mark.parametrize("typed", ["blue", "#12345", "#1234567", "rgb(1,2,3)", "#0d6078;}"])
def test_not_a_colour(typed: str) -> None:
    with pytest.raises(Invalid, match="Write a colour"):
        rules.clean(typed, LIGHT, "accent")


@given(COLOURS)
def test_style_sheet_has_the_tokens_of_both_schemes(colour: str) -> None:
    light = rules.nearest(colour, LIGHT)
    text = rules.style_sheet(light, "")
    assert {name for name, *_ in TOKEN.findall(text)} == {
        "accent",
        "accent-strong",
        "accent-ink",
        "accent-wash",
    }
    dark = {name: night for name, _, night in TOKEN.findall(text)}["accent"]
    assert rules.is_readable(dark, DARK)
