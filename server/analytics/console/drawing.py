"""Charts of the console: their geometry, and what is written beside them. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

from server.analytics.charts import rules as charts
from server.analytics.charts.rules import Bars, Lines
from server.analytics.console.building import Console
from server.analytics.console.rules import grouped
from server.analytics.definitions.metric import Unit
from server.analytics.rules import percent
from server.core.text.money import major

HOUR = 3600


class BarChart(msgspec.Struct, frozen=True, kw_only=True):
    metric: str
    unit: Unit
    days: list[str]  # of each bar, or the first day of its week or month
    values: list[int | None]
    bars: Bars
    labels: list[int]  # bars with a label below


class LineChart(msgspec.Struct, frozen=True, kw_only=True):
    """Lines over days. `names`: metrics, or currencies of money."""

    metric: str
    names: list[str]
    days: list[str]
    lines: Lines
    labels: list[int]
    currency: str = ""  # of the axis


class HeatCell(msgspec.Struct, frozen=True):
    people: int | None  # None: not known any more
    percent: float | None
    shade: int


class Charts(msgspec.Struct, frozen=True, kw_only=True):
    sparks: list[str]  # points, of the cards in their order
    signups: BarChart
    revenue: list[LineChart]  # one for each currency
    active: LineChart
    funnel: list[float]  # widths in percent
    heat: list[list[HeatCell]]  # by week of enrolment and week since
    storage: LineChart | None
    encoded: BarChart
    failed: BarChart


def charts_of(console: Console) -> Charts:
    found = console.funnel
    measured = console.storage.measured
    return Charts(
        sparks=[charts.sparkline(card.spark) for card in console.cards],
        signups=_bars(console, "people_new"),
        revenue=[_line("revenue", one, days, console) for one, days in console.revenue.items()],
        active=_lines(
            "active_people",
            {name: console.active[name] for name in ("active_month", "active_week", "active_people")},
        ),
        funnel=charts.shares([found.enrolled, found.started, found.halfway, found.completed]),
        heat=[[_cell(value, one.people) for value in one.active] for one in console.cohorts],
        storage=_lines("storage_bytes", {"storage_bytes": measured}) if len(measured) > 1 else None,
        encoded=_bars(console, "encoded_seconds", Unit.SECONDS, per=HOUR),
        failed=_bars(console, "encodes_failed"),
    )


def _bars(console: Console, metric: str, unit: Unit = Unit.PEOPLE, per: int = 1) -> BarChart:
    now = console.grouped(metric)
    before = list(grouped(console.earlier[metric], console.step).values())[: len(now)]
    values = list(now.values())
    drawn = charts.bars([(value or 0) / per for value in values], [(value or 0) / per for value in before])
    return BarChart(
        metric=metric,
        unit=unit,
        days=list(now),
        values=values,
        bars=drawn,
        labels=charts.labelled(len(values)),
    )


def _lines(metric: str, series: Mapping[str, Mapping[str, int | None]]) -> LineChart:
    days = list(next(iter(series.values())))
    return LineChart(
        metric=metric,
        names=list(series),
        days=days,
        lines=charts.lines([list(values.values()) for values in series.values()]),
        labels=charts.labelled(len(days), 3),
    )


def _line(metric: str, currency: str, days: Mapping[str, int], console: Console) -> LineChart:
    """Amounts of one currency, summed as the bars are."""
    sums = grouped(days, console.step)
    amounts: Sequence[float] = [float(major(value or 0, currency)) for value in sums.values()]
    return LineChart(
        metric=metric,
        names=[currency],
        days=list(sums),
        lines=charts.lines([amounts], whole=False),
        labels=charts.labelled(len(sums), 3),
        currency=currency,
    )


def _cell(active: int | None, people: int) -> HeatCell:
    share = percent(active, people)
    return HeatCell(active, share, charts.shade(share))
