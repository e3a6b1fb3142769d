"""Axes, bars, lines and shades of charts. Pure.

Coordinates are those of SVG: y grows downwards. A plot is HEIGHT units high; its width is 100 units for lines
and as many units as there are bars.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, floor, log10

import msgspec

HEIGHT = 100.0
WIDTH = 100.0
SPARK_HEIGHT = 24.0
GAP = 0.2  # of a bar's place
SHADES = 5  # of the heat table, besides none
NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
LENGTHS_KEPT = 64  # of lines, whose places are the same in each of a page's
TICKS = 4  # about so many lines of an axis


class Axis(msgspec.Struct, frozen=True):
    """Values that lines are drawn at, the lowest first; zero is among them."""

    ticks: tuple[float, ...]

    @property
    def low(self) -> float:
        return self.ticks[0]

    @property
    def high(self) -> float:
        return self.ticks[-1]

    def y(self, value: float) -> float:
        return round(HEIGHT * (self.high - value) / (self.high - self.low), 2)


def axis(values: Sequence[float], *, whole: bool = True) -> Axis:
    """Axis that has zero, up to the highest value or a little more. `whole`: ticks are integers."""
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    if low == high:
        high = 1.0
    step = nice((high - low) / TICKS)
    if whole:
        step = max(1.0, float(ceil(step)))
    first, last = floor(low / step), ceil(high / step)
    return Axis(tuple(round(number * step, 6) for number in range(first, last + 1)))


def nice(value: float) -> float:
    """The next of 1, 2, 2.5 and 5 times a power of ten that is not smaller."""
    power = 10.0 ** floor(log10(value))
    return next(one for one in NICE if one * power >= value * (1 - 1e-9)) * power


class Bar(msgspec.Struct, frozen=True):
    x: float
    y: float
    width: float
    height: float


class Bars(msgspec.Struct, frozen=True):
    """Bars of one series; `earlier`: marks at the values that it is compared with."""

    axis: Axis
    bars: tuple[Bar, ...]
    earlier: tuple[Bar, ...]

    @property
    def width(self) -> int:
        return max(1, len(self.bars))


def bars(values: Sequence[float], earlier: Sequence[float] = ()) -> Bars:
    scale = axis([*values, *earlier])
    zero = scale.y(0)
    made = []
    for place, value in enumerate(values):
        top = min(scale.y(value), zero)
        made.append(Bar(place + GAP / 2, top, 1 - GAP, round(abs(scale.y(value) - zero), 2)))
    marks = tuple(Bar(place, scale.y(value), 1.0, 0.0) for place, value in enumerate(earlier))
    return Bars(scale, tuple(made), marks)


class Lines(msgspec.Struct, frozen=True):
    axis: Axis
    points: tuple[str, ...]  # of each line, for a polyline
    ends: tuple[float, ...]  # y of each line's last point


def lines(series: Sequence[Sequence[float | None]], *, whole: bool = True) -> Lines:
    """Lines over the same places from the left to the right edge; a single value is a level line. Places
    whose value is not known (None) have no point."""
    scale = axis([value for values in series for value in values if value is not None], whole=whole)
    heights = [[None if value is None else scale.y(value) for value in values] for values in series]
    ends = ([height for height in own if height is not None] for own in heights)
    return Lines(
        scale,
        tuple(_points(own) for own in heights),
        tuple(own[-1] if own else HEIGHT for own in ends),
    )


def sparkline(values: Sequence[float | None]) -> str:
    """Points of a small line without an axis, from its lowest to its highest value; empty without values."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    span = (high - low) or 1
    inner = SPARK_HEIGHT - 4  # half a stroke and its round end on both sides
    level = (SPARK_HEIGHT / 2 if high else SPARK_HEIGHT - 2) if low == high else None

    def height(value: float) -> float:
        return level if level is not None else round(2 + inner * (high - value) / span, 2)

    return _points([None if value is None else height(value) for value in values])


def _points(heights: Sequence[float | None]) -> str:
    if len(heights) == 1:
        heights = [heights[0], heights[0]]
    places = zip(_places(len(heights)), heights, strict=True)
    return " ".join(f"{x},{y:g}" for x, y in places if y is not None)


@lru_cache(LENGTHS_KEPT)
def _places(count: int) -> list[str]:
    """Evenly spaced x from the left to the right edge."""
    return [f"{round(WIDTH * place / (count - 1), 2):g}" for place in range(count)]


def shade(percent: float | None) -> int:
    """Shade of a cell of the heat table: 0 for nothing, then 1 (some) to SHADES (all)."""
    return 0 if not percent else min(SHADES, max(1, ceil(percent * SHADES / 100)))


def shares(values: Sequence[int]) -> list[float]:
    """Widths of horizontal bars in percent of the largest."""
    most = max(values, default=0)
    return [round(100 * value / most, 1) if most else 0.0 for value in values]


def labelled(count: int, most: int = 5) -> list[int]:
    """Places of an axis that carry a label: evenly spaced, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return sorted({round(number * (count - 1) / (most - 1)) for number in range(most)})
