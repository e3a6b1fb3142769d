"""Writing of payments: each once by its reference, and never changed afterwards. Use cases."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.payments import charges, entering, planning
from server.analytics.payments.planning import Plan
from server.analytics.payments.schemas import Entry, NewPayment, Place, Recorded, Result
from server.core.audit import recording as audit
from server.core.errors import Conflict, Invalid
from server.institution import service as institution
from storage.database.engine import Database
from storage.database.locks import advisory_lock
from storage.database.tables import Payment
from storage.messages import N_, message
from storage.states import PaymentKind as Kind
from storage.states.privacy import AuditAction, AuditSubject

IMPORTED_AT_ONCE = 250  # payments of one transaction
PAUSE_SECONDS = 0.12  # between two, in which other writers get their turn: as for lists of people
ACTIONS = {
    Kind.VOID: AuditAction.PAYMENT_VOIDED,
    Kind.CANCELLED: AuditAction.PAYMENT_CANCELLED,
    Kind.ENDED: AuditAction.PAYMENT_CANCELLED,
}
ONE_WRONG = N_("Payment %(number)s: %(sentence)s")


class Imported(msgspec.Struct, frozen=True):
    added: int
    unchanged: int
    problems: dict[int, Invalid]  # by position in the entries


async def record(database: Database, posted: Sequence[NewPayment], by: str, now: datetime) -> Result:
    """Use case: add payments, all or none. Those whose reference is known stay as they are.

    Raises Invalid, with the position of the payment that is wrong, and Conflict for a reference that is used.
    """
    async with database.write() as session:
        place = await place_of(session)
        entries = [_checked(number, new, place, now, len(posted)) for number, new in enumerate(posted)]
        plan = await write(session, entries, by, now)
        for number, problem in sorted(plan.problems.items()):
            raise _numbered(number, problem, len(posted))
        await settle(session, _new(plan), now)
        for row in _new(plan):
            await _note(session, row, by, now)
    made = [
        Recorded(plan.rows[number].id, plan.rows[number].external_id, number in plan.new)
        for number in range(len(entries))
    ]
    return Result(len(plan.new), len(made) - len(plan.new), made)


def _checked(number: int, new: NewPayment, place: Place, now: datetime, count: int) -> Entry:
    try:
        return entering.checked(new, place, now)
    except Invalid as problem:
        raise _numbered(number, problem, count) from None


def _numbered(number: int, problem: Invalid, count: int) -> Invalid | Conflict:
    kind = Conflict if problem.message.key == planning.USED else Invalid
    if count == 1:
        return kind(problem.message, fields=problem.fields)
    told = message(ONE_WRONG, number=number + 1, sentence=problem.message)
    fields = {f"{number}.{name}": sentence for name, sentence in problem.fields.items()}
    return kind(told, fields=fields)


async def _note(session: AsyncSession, row: Payment, by: str, now: datetime) -> None:
    """Step: entry of the audit log, without the payer."""
    action = ACTIONS.get(row.kind, AuditAction.PAYMENT_ENTERED)
    about = audit.Subject(AuditSubject.PAYMENT, row.id)
    data = {"kind": row.kind, "amount": row.amount, "currency": row.currency}
    await audit.record(session, by, action, now, about=about, data=data)


async def place_of(session: AsyncSession) -> Place:
    """Step."""
    place = await institution.shown(session)
    return Place(place.time_zone, place.day_start_hour)


async def write(session: AsyncSession, entries: Sequence[Entry], by: str | None, now: datetime) -> Plan:
    """Step: add what is new; what is wrong is left out and told in the plan. `settle` comes after it."""
    await advisory_lock(session, charges.LOCK)
    plan = await planning.plan(session, entries, by, now)
    rows = sorted(_new(plan), key=attrgetter("id"))
    session.add_all(rows)  # what others refer to comes before them
    await session.flush()
    await charges.publish_paid(session, rows)
    return plan


async def settle(session: AsyncSession, rows: Sequence[Payment], now: datetime) -> None:
    """Step: book the periods of the recurring payments that rows begin, change, or take something back of."""
    touched = {row.refers_to or row.id for row in rows}
    voided = [row.refers_to for row in rows if row.kind == Kind.VOID]
    parents = select(Payment.refers_to).where(Payment.id.in_(voided), Payment.refers_to.is_not(None))
    ids = sorted(touched | {str(one) for one in await session.scalars(parents)})
    for start in range(0, len(ids), charges.BATCH):
        await charges.settle(session, ids[start : start + charges.BATCH], now)


def _new(plan: Plan) -> list[Payment]:
    return [plan.rows[number] for number in plan.new]


async def preview(database: Database, entries: Sequence[Entry], by: str, now: datetime) -> Plan:
    """What an import would do."""
    async with database.read() as session:
        return await planning.plan(session, entries, by, now)


async def import_entries(database: Database, entries: Sequence[Entry], by: str, now: datetime) -> Imported:
    """Use case: add what is right, in short transactions. Interrupted, it is sent again."""
    order = sorted(range(len(entries)), key=lambda number: planning.rank(entries[number]))
    added = unchanged = 0
    problems: dict[int, Invalid] = {}
    for start in range(0, len(order), IMPORTED_AT_ONCE):
        if start:
            await asyncio.sleep(PAUSE_SECONDS)
        part = order[start : start + IMPORTED_AT_ONCE]
        async with database.write() as session:
            plan = await write(session, [entries[number] for number in part], by, now)
            if plan.new:
                about, data = audit.Subject(AuditSubject.PAYMENT), {"added": len(plan.new)}
                await audit.record(session, by, AuditAction.PAYMENTS_IMPORTED, now, about=about, data=data)
        added, unchanged = added + len(plan.new), unchanged + len(plan.rows) - len(plan.new)
        problems |= {part[place]: problem for place, problem in plan.problems.items()}
    await _settle_imported(database, entries, now)
    return Imported(added, unchanged, problems)


async def _settle_imported(database: Database, entries: Sequence[Entry], now: datetime) -> None:
    """Book periods once all changes of the list are written."""
    recurring = [entry for entry in entries if entry.kind not in (Kind.ONE_OFF, Kind.REFUND, Kind.CHARGE)]
    for start in range(0, len(recurring), IMPORTED_AT_ONCE):
        async with database.write() as session:
            part = recurring[start : start + IMPORTED_AT_ONCE]
            plan = await planning.plan(session, part, None, now)
            await settle(session, list(plan.rows.values()), now)
