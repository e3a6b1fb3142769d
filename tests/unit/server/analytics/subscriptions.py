"""Random recurring payments, and their MRR in fractions by another reading of section 10."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import strategies as st

from server.analytics.payments.rules import PERIODS, Change, Recurring, add_months, by_time
from storage.states import PaymentKind as Kind

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 24 * 500
moments = st.integers(0, HOURS).map(lambda hour: FIRST + timedelta(hours=hour))
amounts = st.integers(1, 100_000)
zones = st.sampled_from(("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"))
CHANGES = tuple(kind for kind in Kind if kind not in (Kind.ONE_OFF, Kind.CHARGE, Kind.REFUND, Kind.VOID))


@st.composite
def changes(draw: st.DrawFn) -> Change:
    kind = draw(st.sampled_from([kind for kind in CHANGES if kind != Kind.RECURRING]))
    return Change(
        kind=kind,
        at=draw(moments),
        amount=draw(amounts),
        months=draw(st.sampled_from((None, *PERIODS))),
        free_months=draw(st.integers(1, 3)),
        until=draw(st.none() | moments) if kind == Kind.CANCELLED else None,
    )


@st.composite
def recurring_payments(draw: st.DrawFn) -> Recurring:
    start = draw(moments)
    return Recurring(
        id="",
        payer=draw(st.sampled_from("abc")),
        currency=draw(st.sampled_from(("EUR", "JPY"))),
        zone=draw(zones),
        start=start,
        amount=draw(amounts),
        months=draw(st.sampled_from(PERIODS)),
        trial_end=draw(st.none() | st.integers(1, 60).map(lambda days: start + timedelta(days=days))),
        free_months=draw(st.integers(0, 2)),
        changes=by_time(draw(st.lists(changes(), max_size=6))),
    )


def plain_mrr(payments: list[Recurring], moment: datetime) -> dict[str, Fraction]:
    """Amount over months of all that count, each judged on its own, without currencies that have none."""
    found: dict[str, Fraction] = defaultdict(Fraction)
    for one in payments:
        found[one.currency] += _plain(one, moment)
    return {currency: amount for currency, amount in found.items() if amount}


def _plain(one: Recurring, moment: datetime) -> Fraction:  # noqa: C901 - one list of cases
    if moment < max(one.start, one.trial_end or one.start):
        return Fraction(0)
    grid = begin = max(one.start, one.trial_end or one.start)
    amount, months, late, end = one.amount, one.months, None, None
    free = [(begin, add_months(begin, one.free_months, one.zone))]
    for change in one.changes:
        if change.at > moment or (end and change.at >= end):
            continue
        if change.kind == Kind.CHANGED:
            amount = change.amount
            if change.months and change.months != months:
                months, grid = change.months, max(grid, change.at)
        elif change.kind == Kind.FREE:
            free.append((change.at, add_months(change.at, change.free_months, one.zone)))
        elif change.kind == Kind.PAST_DUE and late is None:
            late = change.at
        elif change.kind == Kind.RECOVERED:
            late = None
        elif change.kind == Kind.ENDED:
            end = change.at
        elif change.kind == Kind.KEPT:
            end = None
        elif change.kind == Kind.CANCELLED:
            edges = (add_months(grid, months * number, one.zone) for number in range(600))
            end = max(change.until or next(edge for edge in edges if edge > change.at), change.at)
    is_over = end is not None and moment >= end
    is_late = late is not None and moment - late >= timedelta(days=30)
    if is_over or is_late or any(first <= moment < last for first, last in free):
        return Fraction(0)
    return Fraction(amount, months)
