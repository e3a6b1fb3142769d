"""Accent colours: contrast (WCAG 2.2) in both schemes, the nearest readable colour, the style sheet. Pure.

The backgrounds are those of web/static/css/tokens.css; a test compares them.
"""

import re
from collections.abc import Iterator

import msgspec

from server.core.errors import Invalid
from storage.messages import N_, Figure, Unit, message

LEAST_CONTRAST = 4.5  # of text on its background (success criterion 1.4.3)
STEP = 0.005  # of lightness, from 0 to 1
WHITE, BLACK = "#ffffff", "#000000"
_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})")

Triple = tuple[float, float, float]


class Scheme(msgspec.Struct, frozen=True):
    """What accents are seen on. `towards`: where more contrast is, and where the stronger accent goes."""

    backgrounds: tuple[str, ...]  # paper, surface, raised, sunken
    ink: str  # text on the tinted background
    towards: str
    strong: float  # part of `towards` in the stronger accent
    wash: float  # part of the accent in the tinted background


LIGHT = Scheme(("#faf9f6", "#ffffff", "#ffffff", "#f1efea"), "#1d1f21", BLACK, 0.25, 0.1)
DARK = Scheme(("#141618", "#1c1f22", "#25292d", "#0f1113"), "#eceae5", WHITE, 0.35, 0.16)


class Palette(msgspec.Struct, frozen=True):
    """Values of the tokens --accent, --accent-strong, --accent-ink and --accent-wash in one scheme."""

    accent: str
    strong: str
    ink: str  # text on the accent
    wash: str  # tinted background


def clean(text: str, scheme: Scheme, field: str) -> str:
    """Colour as in #0d6078; empty for none. Raises Invalid, with the nearest colour if it is unreadable."""
    typed = text.strip().lower()
    if not typed:
        return ""
    found = _HEX.fullmatch(typed)
    if found is None:
        sentence = N_("Write a colour as in #0d6078, or nothing.")
        raise Invalid(sentence, fields={field: sentence})
    digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
    colour = f"#{digits}"
    if not is_readable(colour, scheme):
        raise _unreadable(colour, scheme, field)
    return colour


def _unreadable(colour: str, scheme: Scheme, field: str) -> Invalid:
    sentence = (
        N_(
            "%(colour)s cannot be read on light pages: its contrast is %(ratio)s to 1, and 4.5 is needed. "
            "The nearest colour that can be read is %(nearest)s."
        )
        if scheme is LIGHT
        else N_(
            "%(colour)s cannot be read on dark pages: its contrast is %(ratio)s to 1, and 4.5 is needed. "
            "The nearest colour that can be read is %(nearest)s."
        )
    )
    ratio = Figure(int(weakest(colour, scheme) * 10) / 10, Unit.NUMBER)
    told = message(sentence, colour=colour, ratio=ratio, nearest=nearest(colour, scheme))
    return Invalid(told, fields={field: told})


def palette(accent: str, scheme: Scheme) -> Palette:
    return Palette(
        accent=accent,
        strong=mix(accent, scheme.towards, scheme.strong),
        ink=WHITE if scheme is LIGHT else mix(accent, BLACK, 0.82),
        wash=mix(scheme.backgrounds[1], accent, scheme.wash),
    )


def weakest(accent: str, scheme: Scheme) -> float:
    """Least contrast of all pairs of text and background that the accent is part of."""
    return min(contrast(front, back) for front, back in _pairs(palette(accent, scheme), scheme))


def _pairs(colours: Palette, scheme: Scheme) -> Iterator[tuple[str, str]]:
    for background in (*scheme.backgrounds, colours.wash):
        yield colours.accent, background
    for background in scheme.backgrounds:
        yield colours.strong, background
    yield colours.ink, colours.accent
    yield colours.ink, colours.strong
    yield scheme.ink, colours.wash


def is_readable(accent: str, scheme: Scheme) -> bool:
    return weakest(accent, scheme) >= LEAST_CONTRAST


def nearest(colour: str, scheme: Scheme) -> str:
    """The same hue as light or as dark as it has to be; the colour itself if it is readable."""
    if is_readable(colour, scheme):
        return colour
    lightness, *hue = _to_oklab(colour)
    step = STEP if scheme.towards == WHITE else -STEP
    while 0 < lightness + step < 1:
        lightness += step
        found = _from_oklab((lightness, hue[0], hue[1]))
        if is_readable(found, scheme):
            return found
    return scheme.towards


def style_sheet(accent: str, accent_dark: str) -> str:
    """Style sheet that gives every page these accents. Without one of the dark scheme, a lighter accent."""
    light = palette(accent, LIGHT)
    dark = palette(accent_dark or nearest(accent, DARK), DARK)
    tokens = {
        "--accent": (light.accent, dark.accent),
        "--accent-strong": (light.strong, dark.strong),
        "--accent-ink": (light.ink, dark.ink),
        "--accent-wash": (light.wash, dark.wash),
    }
    lines = (f"  {name}: light-dark({day}, {night});" for name, (day, night) in tokens.items())
    return "\n".join((":root {", *lines, "}", ""))


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(one: str, other: str, part: float) -> str:
    """`one` with a part of `other`, in sRGB."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return _hex((1 - part) * first + part * second for first, second in pairs)


def _luminance(colour: str) -> float:
    red, green, blue = map(_linear, _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def _hex(channels: Iterator[float]) -> str:
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, channel))):02x}" for channel in channels)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _encoded(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _to_oklab(colour: str) -> Triple:
    """Lightness and two axes of hue (Björn Ottosson, 2020), in which lightness is as it is seen."""
    red, green, blue = map(_linear, _channels(colour))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _from_oklab(colour: Triple) -> str:
    """With less colour where a screen cannot show that much of it at this lightness."""
    lightness, first, second = colour
    for part in range(20, -1, -1):
        channels = _to_linear((lightness, first * part / 20, second * part / 20))
        if all(-0.001 <= channel <= 1.001 for channel in channels):
            break
    return _hex(_encoded(min(1.0, max(0.0, channel))) for channel in channels)


def _to_linear(colour: Triple) -> Triple:
    lightness, first, second = colour
    long = (lightness + 0.3963377774 * first + 0.2158037573 * second) ** 3
    middle = (lightness - 0.1055613458 * first - 0.0638541728 * second) ** 3
    short = (lightness - 0.0894841775 * first - 1.2914855480 * second) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
