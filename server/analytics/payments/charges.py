"""Periods of automatic recurring payments, booked as rows of their own as they begin.

What is booked is compared with what is due, so that a change that is entered late takes back what was booked
too much and adds what is missing. Rows that a person took back, or of which something was refunded, stay.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.payments import queries
from server.analytics.payments.planning import void_row
from server.analytics.payments.queries import NOT_VOIDED
from server.analytics.payments.rules import due_charges
from server.analytics.payments.schemas import PLAN
from server.core.clock import local_day
from server.core.events import Event, publish_all
from server.institution import service as institution
from server.services import Services
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import advisory_lock
from storage.database.search import search_key
from storage.database.tables import Payment
from storage.messages import N_, Message, message
from storage.states import FactKind
from storage.states import PaymentKind as Kind

TASK = "charges"
LOCK = "payments"  # held by everything that writes payments
SHORTEST = timedelta(days=27)  # no period is shorter
BATCH = 200  # recurring payments of one transaction
PAUSE_SECONDS = 0.01  # in which other writers get their turn


class _Booked(msgspec.Struct):
    """Rows of one period, by its beginning."""

    live: Payment | None = None
    rows: int = 0
    by_hand: bool = False  # the last one was taken back by a person


async def run(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Scheduled task: book the periods that have begun. Killed, it goes on where it was."""
    added, last = 0, ""
    while ids := await _to_look_at(services.database, last, now):
        async with services.database.write() as session:
            added += await settle(session, ids, now)
        last = ids[-1]
        await asyncio.sleep(PAUSE_SECONDS)
    return message(N_("Booked: %(count)s"), count=added) if added else None


async def _to_look_at(database: Database, last: str, now: datetime) -> Sequence[str]:
    """Automatic recurring payments whose last period may be over."""
    booked = (
        select(Payment.refers_to, func.max(Payment.at).label("at"))
        .where(Payment.source == PLAN)
        .group_by(Payment.refers_to)
        .subquery()
    )
    chosen = (
        select(Payment.id)
        .outerjoin(booked, booked.c.refers_to == Payment.id)
        .where(Payment.kind == Kind.RECURRING, Payment.automatic, Payment.id > last, NOT_VOIDED)
        .where((booked.c.at <= now - SHORTEST) | booked.c.at.is_(None))
    )
    async with database.read() as session:
        return (await session.scalars(chosen.order_by(Payment.id).limit(BATCH))).all()


async def settle(session: AsyncSession, ids: Sequence[str], now: datetime) -> int:
    """Step: make what is booked what is due; how many periods were added."""
    await advisory_lock(session, LOCK)
    place = await institution.shown(session)
    chosen = select(Payment).where(Payment.id.in_(ids), Payment.kind == Kind.RECURRING, Payment.automatic)
    payments = {row.id: row for row in await session.scalars(chosen)}
    terms = await queries.recurring_by_id(session, list(payments))  # none for one that was taken back
    booked = await _booked(session, list(payments))
    added: list[Payment] = []
    for payment_id, payment in payments.items():
        due = dict(due_charges(terms[payment_id], None, now)) if payment_id in terms else {}
        periods = booked[payment_id]
        for at, period in periods.items():
            if period.live is not None and due.get(at) != period.live.amount:
                session.add(void_row(period.live, "", None, now))
                period.live = None
        for at, amount in due.items():
            period = periods.get(at, _Booked())
            if period.live is None and not period.by_hand:
                day = local_day(at, place.time_zone, place.day_start_hour).isoformat()
                added.append(_charge(payment, at, day, amount, period.rows, now))
    session.add_all(added)
    await session.flush()
    await publish_paid(session, added)
    return len(added)


async def _booked(session: AsyncSession, ids: Sequence[str]) -> dict[str, dict[datetime, _Booked]]:
    """Booked periods by recurring payment and beginning."""
    found: dict[str, dict[datetime, _Booked]] = defaultdict(lambda: defaultdict(_Booked))
    charges = select(Payment).where(Payment.source == PLAN, Payment.refers_to.in_(ids))
    rows = list(await session.scalars(charges.order_by(Payment.id)))
    voids, refunded = await _taken_back(session, ids)
    for row in rows:
        period = found[str(row.refers_to)][row.at]
        period.rows += 1
        period.live = None if row.id in voids else row
        period.by_hand = voids.get(row.id, False)
    for periods in found.values():  # what was refunded stays: it was paid
        for at in [at for at, period in periods.items() if period.live and period.live.id in refunded]:
            periods[at] = _Booked(by_hand=True)
    return found


async def _taken_back(session: AsyncSession, ids: Sequence[str]) -> tuple[dict[str, bool], set[str]]:
    """By booked period that was taken back: whether by a person. And those that were refunded in part."""
    charges = select(Payment.id).where(Payment.source == PLAN, Payment.refers_to.in_(ids))
    voids = select(Payment.refers_to, Payment.automatic).where(
        Payment.kind == Kind.VOID, Payment.refers_to.in_(charges)
    )
    refunds = select(Payment.refers_to).where(
        Payment.kind == Kind.REFUND, Payment.refers_to.in_(charges), NOT_VOIDED
    )
    found = {str(charge): not automatic for charge, automatic in await session.execute(voids)}
    return found, {str(charge) for charge in await session.scalars(refunds)}


def _charge(to: Payment, at: datetime, day: str, amount: int, before: int, now: datetime) -> Payment:
    reference = f"{to.id}/{at:%Y-%m-%dT%H%M}" + (f"#{before + 1}" if before else "")
    return Payment(
        id=new_id(),
        kind=Kind.CHARGE,
        source=PLAN,
        external_id=reference,
        at=at,
        local_day=day,
        amount=amount,
        currency=to.currency,
        revenue=amount,
        refers_to=to.id,
        email=to.email,
        user_id=to.user_id,
        course_id=to.course_id,
        automatic=False,
        zone="",
        note="",
        search_key=search_key(to.email, to.external_id),
        created_at=now,
        created_by=None,
    )


async def publish_paid(session: AsyncSession, rows: Sequence[Payment]) -> None:
    """Step: facts of money that learners paid."""
    await publish_all(
        session,
        [
            Event(
                kind=FactKind.PAYMENT,
                user_id=row.user_id,
                subject=row.id,
                at=row.at,
                actor_id=row.created_by,
                course_id=row.course_id,
                data={"kind": str(row.kind), "amount": row.amount, "currency": row.currency},
            )
            for row in rows
            if row.user_id is not None and row.kind in (Kind.ONE_OFF, Kind.CHARGE)
        ],
    )
