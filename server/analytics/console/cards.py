"""Cards of the console: what there is or happened, its change, and its course over the days. Pure."""

from collections.abc import Mapping

import msgspec

from server.analytics.console.rules import running
from server.analytics.definitions.metric import Unit
from server.analytics.queries.figures import Figure, Rate, figure
from server.analytics.rules import Range, change, total

AmountsByDay = Mapping[str, Mapping[str, int]]  # by currency and day


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """A figure beside that of the days it is compared with; `currency` of an amount in minor units."""

    value: int | None  # None: not known any more
    before: int | None
    change_percent: float | None
    currency: str = ""


class Also(msgspec.Struct, frozen=True, kw_only=True):
    """A second figure of a card: a count, or a rate beside its counts."""

    metric: str
    value: int = 0
    before: int | None = None
    rate: Rate | None = None


class Card(msgspec.Struct, frozen=True, kw_only=True):
    metric: str
    unit: Unit
    amounts: list[Amount]
    spark: list[int | None]
    also: Also | None = None
    changes: bool = True  # whether the figure itself is compared


def count(
    metric: str, unit: Unit, now: Figure, days: Mapping[str, int | None], also: Also | None = None
) -> Card:
    return Card(
        metric=metric,
        unit=unit,
        amounts=[amount(now.value, now.before)],
        spark=list(days.values()),
        also=also,
    )


def people(there: int, new: Figure, days: Mapping[str, int | None]) -> Card:
    """Learners that there are, and those who are new: always known."""
    added = [value or 0 for value in days.values()]
    return Card(
        metric="people_total",
        unit=Unit.PEOPLE,
        amounts=[Amount(value=there, before=there - sum(added), change_percent=None)],
        spark=list(running(there, added)),
        also=Also(metric="people_new", value=sum(added), before=new.before),
        changes=False,
    )


def money(metric: str, now: Mapping[str, int], before: Mapping[str, int], days: AmountsByDay) -> Card:
    """One amount for each currency; the line is of the one that has most days."""
    leading = max(sorted(days), key=lambda currency: len(days[currency]), default="")
    return Card(
        metric=metric,
        unit=Unit.MINOR,
        amounts=of_currencies(now, before),
        spark=list(days[leading].values()) if leading else [],
    )


def of_currencies(now: Mapping[str, int], before: Mapping[str, int]) -> list[Amount]:
    return [amount(now.get(one, 0), before.get(one, 0), one) for one in sorted(now.keys() | before.keys())]


def every_day(days: Range, found: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Amounts by currency and day, with the days that have none."""
    none = dict.fromkeys(days.days, 0)
    return {one: none | dict(found[one]) for one in sorted(found)}


def amount(value: int | None, before: int | None, currency: str = "") -> Amount:
    return Amount(value=value, before=before, change_percent=change(value, before), currency=currency)


def compared(now: Mapping[str, int | None], before: Mapping[str, int | None]) -> Figure:
    """Sums of two ranges."""
    return figure(total(now.values()), total(before.values()))
