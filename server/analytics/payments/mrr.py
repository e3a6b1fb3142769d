"""Monthly recurring revenue (MRR) and its movements, by currency (spec section 10). Pure.

Counted in whole parts of a minor unit, so that a yearly amount over its months is exact, sums are exact, and
movements add up: over days to a range, and over their kinds to the difference of MRR.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import accumulate, groupby

import msgspec

from server.analytics.payments.rules import COUNTING, PARTS, Recurring, Standing, Step, step_at, timeline


class Mrr(msgspec.Struct, kw_only=True):
    """MRR of one currency at a moment, in parts. `paused` and `past_due` are in `total`, too."""

    total: int = 0
    paused: int = 0
    past_due: int = 0
    active: int = 0  # number of recurring payments that count

    @property
    def minor(self) -> int:
        """`total` in minor units, rounded half up."""
        return in_minor(self.total)


def mrr(payments: Iterable[Recurring], moment: datetime) -> dict[str, Mrr]:
    """MRR by currency."""
    found: dict[str, Mrr] = defaultdict(Mrr)
    for one in payments:
        step = step_at(one, moment)
        if step.standing not in COUNTING:
            continue
        sums = found[one.currency]
        sums.total += step.parts
        sums.active += 1
        if step.standing == Standing.PAUSED:
            sums.paused += step.parts
        elif step.standing == Standing.PAST_DUE:
            sums.past_due += step.parts
    return dict(found)


class Curve(msgspec.Struct):
    """MRR of one currency over time, in parts: from each moment on until the next."""

    moments: list[datetime] = []
    totals: list[int] = []
    active: list[int] = []  # number of recurring payments that count

    def at(self, moment: datetime) -> Mrr:
        """Without what is paused and past due."""
        place = bisect_right(self.moments, moment)
        return Mrr(total=self.totals[place - 1], active=self.active[place - 1]) if place else Mrr()


def curves(payments: Iterable[Recurring]) -> dict[str, Curve]:
    """MRR by currency at any moment, as `mrr` has it."""
    changes: dict[str, dict[datetime, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for one in payments:
        parts, counts = 0, False
        for step in timeline(one):
            change, now = changes[one.currency][step.at], step.standing in COUNTING
            change[0] += step.parts - parts
            change[1] += now - counts
            parts, counts = step.parts, now
    found = {}
    for currency, by_moment in changes.items():
        moments = sorted(by_moment)
        totals, active = (list(accumulate(by_moment[at][place] for at in moments)) for place in (0, 1))
        found[currency] = Curve(moments, totals, active)
    return found


class Movement(StrEnum):
    NEW = "new"  # a payer's first
    REACTIVATED = "reactivated"  # of a payer who had churned
    EXPANDED = "expanded"
    CONTRACTED = "contracted"  # also into a free month: no churn
    CHURNED = "churned"


class Movements(msgspec.Struct, kw_only=True):
    """Movements of MRR of one currency in a range, in parts, none negative; `opening` is the MRR just before
    the range, `closing` that just before its end."""

    opening: int = 0
    new: int = 0
    reactivated: int = 0
    expanded: int = 0
    contracted: int = 0
    churned: int = 0
    closing: int = 0

    @property
    def delta(self) -> int:
        return self.new + self.reactivated + self.expanded - self.contracted - self.churned


def movements(payments: Iterable[Recurring], begin: datetime, end: datetime) -> dict[str, Movements]:
    """Movements by currency at moments from `begin` to before `end`: those of days add up to those of their
    range. Payments of one payer count together: a change from one plan to another is no churn."""
    found: dict[str, Movements] = defaultdict(Movements)
    for currency, changes in _by_payer(payments):
        for at, movement, parts in changes:
            sums = found[currency]
            sign = 1 if movement in (Movement.NEW, Movement.REACTIVATED, Movement.EXPANDED) else -1
            if at < begin:
                sums.opening += sign * parts
            if at < end:
                sums.closing += sign * parts
            if begin <= at < end:
                setattr(sums, movement, getattr(sums, movement) + parts)
    return {currency: sums for currency, sums in found.items() if sums != Movements()}


def _by_payer(
    payments: Iterable[Recurring],
) -> Iterator[tuple[str, Iterator[tuple[datetime, Movement, int]]]]:
    grouped: dict[tuple[str, str], list[Recurring]] = defaultdict(list)
    for one in payments:
        grouped[one.currency, one.payer].append(one)
    for (currency, _), own in grouped.items():
        yield currency, _changes([timeline(one) for one in own])


def _changes(timelines: Sequence[list[Step]]) -> Iterator[tuple[datetime, Movement, int]]:
    """Movements of one payer, by time, each with a positive number of parts."""
    now: dict[int, Step] = {}
    counted = known = False  # whether the payer is among those who pay, and ever was
    steps = sorted(
        ((step.at, number, step) for number, steps in enumerate(timelines) for step in steps),
        key=lambda item: item[:2],
    )
    for at, group in groupby(steps, key=lambda item: item[0]):
        before = sum(step.parts for step in now.values())
        now |= {number: step for _, number, step in group}
        after = sum(step.parts for step in now.values())
        stays = after > 0 or any(step.standing == Standing.FREE for step in now.values())
        if after > before:
            risen = Movement.REACTIVATED if known else Movement.NEW
            yield at, Movement.EXPANDED if counted else risen, after - before
        elif after < before:
            yield at, Movement.CONTRACTED if stays else Movement.CHURNED, before - after
        known |= after > 0
        counted = after > 0 or (counted and stays)


def in_minor(parts: int) -> int:
    """In minor units, rounded half up."""
    return (2 * parts + PARTS) // (2 * PARTS)


def shown(exact: Movements) -> Movements:
    """Movements in minor units for a table, rounded so that they still add up: by largest remainders."""
    opening, closing = in_minor(exact.opening), in_minor(exact.closing)
    signed = {name: getattr(exact, name) for name in ("new", "reactivated", "expanded")}
    signed |= {name: -getattr(exact, name) for name in ("contracted", "churned")}
    whole = {name: parts // PARTS for name, parts in signed.items()}
    missing = closing - opening - sum(whole.values())
    by_rest = sorted(signed, key=lambda name: signed[name] % PARTS, reverse=True)
    for name in by_rest[:missing]:
        whole[name] += 1
    return Movements(opening=opening, closing=closing, **{name: abs(value) for name, value in whole.items()})
