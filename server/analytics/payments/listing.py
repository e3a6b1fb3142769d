"""List of payments: filter, pages, sums of each currency. Its whole state is in its address. Steps."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVarTuple

import msgspec
from sqlalchemy import Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.analytics.payments import queries
from server.analytics.payments.queries import CHANGES, NOT_VOIDED
from server.analytics.payments.rules import Standing, step_at
from server.analytics.payments.schemas import PaymentView, Total
from server.core.errors import NotFound
from server.core.lists import AddressFilter, AddressReader, ListOptions
from server.core.text.money import currencies
from storage.database.paging import count_rows
from storage.database.search import matches
from storage.database.tables import Course, Payment, User
from storage.messages import N_, Message
from storage.states import PaymentKind as Kind

PAGES = ListOptions(sorts=("newest",), page_size=50)
ALL_CHANGES = "changes"  # filter: what happened to recurring payments
KINDS = (Kind.ONE_OFF, Kind.RECURRING, Kind.CHARGE, Kind.REFUND, ALL_CHANGES, Kind.VOID)
MOST_RELATED = 300  # rows on the page of a payment
GONE = N_("There is no such payment.")
_Author = aliased(User)
Columns = TypeVarTuple("Columns")


class PaymentFilter(AddressFilter, frozen=True):
    """What a list of payments shows; empty: everything. Made by `read`, which accepts any address."""

    search: str = ""
    kind: str = ""  # one of KINDS
    currency: str = ""
    first: str = ""  # local days
    last: str = ""
    page: int = 1
    problems: Mapping[str, Message] = {}  # of the address, by parameter

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "PaymentFilter":
        """Unknown and malformed values count as not given, and are told."""
        reader = AddressReader({**parameters, "currency": parameters.get("currency", "").upper()})
        first, last = reader.days()
        return cls(
            search=reader.text("search"),
            kind=reader.choice("kind", KINDS),
            currency=reader.choice("currency", currencies()),
            first=first,
            last=last,
            page=reader.page(),
            problems=reader.problems,
        )


class PaymentList(msgspec.Struct, frozen=True):
    """One page, as its template shows it."""

    state: PaymentFilter
    items: list[PaymentView]
    hits: int
    totals: list[Total]
    currencies: list[str]  # that there are payments in

    @property
    def pages(self) -> int:
        return PAGES.page_count(self.hits)

    @property
    def previous(self) -> int | None:
        return self.state.page - 1 if self.state.page > 1 else None

    @property
    def next(self) -> int | None:
        return self.state.page + 1 if self.state.page < self.pages else None

    def query(self, **changes: Any) -> str:
        return self.state.query(**changes)


async def shown(session: AsyncSession, state: PaymentFilter, now: datetime) -> PaymentList:
    """Step: page of the list, the latest first."""
    found = filtered(select(Payment.id), state)
    hits = await count_rows(session, found)
    page = max(1, min(state.page, PAGES.page_count(hits)))
    state = msgspec.structs.replace(state, page=page)
    ids = await session.scalars(
        found.order_by(Payment.at.desc(), Payment.id.desc())
        .offset((page - 1) * PAGES.page_size)
        .limit(PAGES.page_size)
    )
    known = await session.scalars(select(Payment.currency).distinct().order_by(Payment.currency))
    return PaymentList(
        state, await views(session, ids.all(), now), hits, await totals(session, state), list(known)
    )


def filtered(query: Select[*Columns], state: PaymentFilter) -> Select[*Columns]:
    query = query.where(matches(Payment.search_key, state.search))
    if state.kind:
        kinds = CHANGES if state.kind == ALL_CHANGES else (state.kind,)
        query = query.where(Payment.kind.in_(kinds))
    if state.currency:
        query = query.where(Payment.currency == state.currency)
    if state.first:
        query = query.where(Payment.local_day >= state.first)
    return query.where(Payment.local_day <= state.last) if state.last else query


async def totals(session: AsyncSession, state: PaymentFilter) -> list[Total]:
    """Step: sums of all pages, by currency; those without money are left out."""
    refunds = case((queries.refunds(), 0), else_=Payment.revenue)
    summed = select(
        Payment.currency, func.sum(refunds), func.sum(Payment.revenue), func.count(Payment.revenue)
    ).where(Payment.revenue != 0)
    rows = await session.execute(
        filtered(summed, state).group_by(Payment.currency).order_by(Payment.currency)
    )
    return [
        Total(currency, int(paid), int(paid - revenue), int(revenue), count)
        for currency, paid, revenue, count in rows
    ]


async def views(session: AsyncSession, ids: Sequence[str], now: datetime) -> list[PaymentView]:
    """Step: these rows in the given order, by a fixed number of queries."""
    void = await _void(session, ids)
    refunded = await _refunded(session, ids)
    rows = await session.execute(
        select(Payment, User.name, Course.title, _Author.name)
        .outerjoin(User, User.id == Payment.user_id)
        .outerjoin(Course, Course.id == Payment.course_id)
        .outerjoin(_Author, _Author.id == Payment.created_by)
        .where(Payment.id.in_(ids))
    )
    found = {row[0].id: row for row in rows}
    begun = [payment_id for payment_id, row in found.items() if row[0].kind == Kind.RECURRING]
    recurring = await queries.recurring_by_id(session, begun)
    standings: dict[str, Standing] = {one.id: step_at(one, now).standing for one in recurring.values()}
    return [
        _view(*found[payment_id], payment_id in void, refunded.get(payment_id, 0), standings.get(payment_id))
        for payment_id in ids
    ]


async def _void(session: AsyncSession, ids: Sequence[str]) -> set[str | None]:
    taken = select(Payment.refers_to).where(Payment.kind == Kind.VOID, Payment.refers_to.in_(ids))
    return set(await session.scalars(taken))


async def _refunded(session: AsyncSession, ids: Sequence[str]) -> dict[str | None, int]:
    back = (
        select(Payment.refers_to, func.sum(Payment.amount))
        .where(Payment.kind == Kind.REFUND, NOT_VOIDED, Payment.refers_to.in_(ids))
        .group_by(Payment.refers_to)
    )
    return {paid: int(amount) for paid, amount in await session.execute(back)}


def _view(
    row: Payment,
    name: str | None,
    title: str | None,
    author: str | None,
    voided: bool,
    refunded: int,
    standing: Standing | None,
) -> PaymentView:
    own = {field: getattr(row, field) for field in PaymentView.__struct_fields__ if hasattr(row, field)}
    return PaymentView(
        **{
            **own,
            "name": name or "",
            "course_title": title,
            "voided": voided,
            "refunded": refunded,
            "standing": standing,
            "created_by": author,
        }
    )


async def one(session: AsyncSession, payment_id: str, now: datetime) -> PaymentView:
    """Step. Raises NotFound."""
    if await session.get(Payment, payment_id) is None:
        raise NotFound(GONE)
    return (await views(session, [payment_id], now))[0]


async def related(session: AsyncSession, payment_id: str, now: datetime) -> list[PaymentView]:
    """Step: rows that belong to a payment, and those that belong to them; the latest first."""
    direct = select(Payment.id).where(Payment.refers_to == payment_id)
    found = select(Payment.id).where(
        (Payment.refers_to == payment_id) | Payment.refers_to.in_(direct.scalar_subquery())
    )
    ids = await session.scalars(found.order_by(Payment.at.desc(), Payment.id.desc()).limit(MOST_RELATED))
    return await views(session, ids.all(), now)
