"""Revenue, MRR and its movements, from the rows of payments. Steps."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.analytics.payments import mrr as counting
from server.analytics.payments.mrr import Curve, Movements, Mrr
from server.analytics.payments.rules import Change, Recurring, by_time
from server.analytics.remembered import once
from storage.database.tables import Payment
from storage.states import PaymentKind as Kind

Conditions = Sequence[ColumnElement[bool]]
LOOKUP_IDS = 500  # of one query
CHANGES = (
    *(Kind.CHANGED, Kind.FREE, Kind.PAUSED, Kind.RESUMED, Kind.PAST_DUE),
    *(Kind.RECOVERED, Kind.CANCELLED, Kind.KEPT, Kind.ENDED),
)
MONEY = (Kind.ONE_OFF, Kind.CHARGE, Kind.REFUND)
_Void = aliased(Payment)
NOT_VOIDED = ~exists().where(_Void.refers_to == Payment.id, _Void.kind == Kind.VOID)


class Revenue(msgspec.Struct, frozen=True):
    """Of one local day and currency, in minor units. `amount` is `paid` less `refunded`."""

    local_day: str
    currency: str
    amount: int
    paid: int
    refunded: int


async def revenue(
    session: AsyncSession, first_day: str, last_day: str, among: Conditions = ()
) -> list[Revenue]:
    """Days with money from the first to the last one, by day and currency. `among`: conditions of
    the rows; none: everything, also what belongs to no course."""
    rows = await session.execute(
        select(
            Payment.local_day,
            Payment.currency,
            func.sum(Payment.revenue),
            func.sum(case((refunds(), 0), else_=Payment.revenue)),
        )
        .where(Payment.local_day.between(first_day, last_day), Payment.revenue != 0, *among)
        .group_by(Payment.local_day, Payment.currency)
        .order_by(Payment.local_day, Payment.currency)
    )
    return [
        Revenue(local_day, currency, int(amount), int(paid), int(paid - amount))
        for local_day, currency, amount, paid in rows
    ]


def refunds() -> ColumnElement[bool]:
    """Rows that are about refunds: those, and void rows that take one back, which add revenue."""
    return (Payment.kind == Kind.REFUND) | ((Payment.kind == Kind.VOID) & (Payment.revenue > 0))


async def mrr(session: AsyncSession, moment: datetime, among: Conditions = ()) -> dict[str, Mrr]:
    """MRR at a moment by currency, with the parts that are paused and past due."""
    return counting.mrr(await recurring(session, among), moment)


async def curves(session: AsyncSession, among: Conditions = ()) -> Mapping[str, Curve]:
    """MRR over time by currency."""
    return counting.curves(await recurring(session, among))


async def version(session: AsyncSession) -> Hashable:
    """Changes with each new row: no row's money, day or kind is ever changed."""

    async def read() -> Hashable:
        # Each by itself: together they would be read from an index with the ids of all rows.
        count, last = select(func.count()).select_from(Payment), select(func.max(Payment.id))
        query = select(count.scalar_subquery(), last.scalar_subquery())
        return tuple((await session.execute(query)).one())

    return await once(session, "payments", read)


async def movements(
    session: AsyncSession, begin: datetime, end: datetime, among: Conditions = ()
) -> dict[str, Movements]:
    """Movements of MRR by currency, from `begin` to before `end`. A day's are those from its beginning to
    that of the next."""
    return counting.movements(await recurring(session, among), begin, end)


async def recurring(session: AsyncSession, among: Conditions = ()) -> list[Recurring]:
    """All recurring payments with their changes, without what was taken back."""
    return await _recurring(session, *among)


async def recurring_by_id(session: AsyncSession, ids: Sequence[str]) -> dict[str, Recurring]:
    found: dict[str, Recurring] = {}
    for start in range(0, len(ids), LOOKUP_IDS):
        part = ids[start : start + LOOKUP_IDS]
        found |= {one.id: one for one in await _recurring(session, Payment.id.in_(part))}
    return found


async def _recurring(session: AsyncSession, *among: ColumnElement[bool]) -> list[Recurring]:
    beginnings = select(Payment).where(Payment.kind == Kind.RECURRING, NOT_VOIDED, *among)
    parents = select(Payment.id).where(Payment.kind == Kind.RECURRING, *among)
    changes: dict[str, list[Change]] = defaultdict(list)
    columns = (
        *(Payment.refers_to, Payment.kind, Payment.at, Payment.amount),
        *(Payment.months, Payment.free_months, Payment.until),
    )
    found = select(*columns).where(Payment.kind.in_(CHANGES), Payment.refers_to.in_(parents), NOT_VOIDED)
    for parent, kind, at, amount, months, free_months, until in await session.execute(
        found.order_by(Payment.at, Payment.id)
    ):
        changes[str(parent)].append(
            Change(kind=kind, at=at, amount=amount, months=months, free_months=free_months or 0, until=until)
        )
    rows = await session.scalars(beginnings.order_by(Payment.at, Payment.id))
    return [as_recurring(row, changes[row.id]) for row in rows]


def as_recurring(row: Payment, changes: Sequence[Change] = ()) -> Recurring:
    return Recurring(
        id=row.id,
        payer=row.email or row.user_id or row.id,
        currency=row.currency,
        zone=row.zone,
        start=row.at,
        amount=row.amount,
        months=row.months or 1,
        trial_end=row.trial_end,
        free_months=row.free_months or 0,
        changes=by_time(changes),
    )


def as_change(row: Payment) -> Change:
    return Change(
        kind=row.kind,
        at=row.at,
        amount=row.amount,
        months=row.months,
        free_months=row.free_months or 0,
        until=row.until,
    )
