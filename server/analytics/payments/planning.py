"""What writing entries would do: rows to add, what is there already, what is wrong. Steps that read."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.people import service as people
from server.analytics.payments import queries
from server.analytics.payments.entering import BEGINNINGS
from server.analytics.payments.queries import CHANGES, LOOKUP_IDS, NOT_VOIDED
from server.analytics.payments.rules import Recurring, Standing, by_time, step_at
from server.analytics.payments.schemas import MANUAL, OWN_SOURCES, VOIDED, Entry
from server.core.errors import Invalid
from server.core.text.money import money
from storage.database.base import new_id
from storage.database.search import search_key
from storage.database.tables import Course, Payment
from storage.messages import N_, Message, message
from storage.states import PaymentKind as Kind

Item = TypeVar("Item")

USED = N_(
    "This reference is already that of another payment. Payments are never changed: take it back instead."
)
OWN = N_("“%(source)s” is kept for what is entered here. Name another source.")
NO_COURSE = N_("There is no such course.")
NOT_FOUND = N_("There is no payment with the reference “%(reference)s”.")
NOT_RECURRING = N_("This belongs to a recurring payment.")
NOT_PAID = N_("Only a one-off payment or the payment of a period can be refunded.")
IS_VOID = N_("What it belongs to was taken back.")
OTHER_CURRENCY = N_("What it belongs to is in %(currency)s.")
EARLIER = N_("This is before what it belongs to.")
OVER = N_("The recurring payment has ended by then. Enter a new one.")
BOOKS_ITSELF = N_("This recurring payment books its periods by itself. Post it with automatic: false.")
TOO_MUCH_BACK = N_("At most %(left)s of it can be refunded.")
HAS_REFUND = N_("Some of it was refunded. Take the refund back first.")
NO_VOID = N_("What takes a payment back cannot be taken back. Enter the payment again.")


class Plan(msgspec.Struct):
    """By position in the entries: a row that is new or there already, or what is wrong."""

    rows: dict[int, Payment] = {}
    new: set[int] = set()
    problems: dict[int, Invalid] = {}


class _Known(msgspec.Struct):
    """What the database knows that the entries name."""

    by_reference: dict[tuple[str, str], Payment] = {}
    by_id: dict[str, Payment] = {}
    void: set[str] = set()  # ids of rows that were taken back
    refunded: dict[str, int] = msgspec.field(default_factory=lambda: defaultdict(int))  # minor units by id
    recurring: dict[str, Recurring] = {}
    users: Mapping[str, str] = {}  # ids by address
    courses: set[str] = set()


async def plan(session: AsyncSession, entries: Sequence[Entry], by: str | None, now: datetime) -> Plan:
    """Step: nothing is written. Entries may refer to each other in any order."""
    known = await _lookup(session, entries)
    made = Plan()
    for number in sorted(range(len(entries)), key=lambda number: rank(entries[number])):
        entry = entries[number]
        try:
            stored = known.by_reference.get(_key(entry, known))
            if stored is not None:
                made.rows[number] = _unchanged(entry, stored)
                continue
            row = _row(entry, known, by, now)
        except Invalid as problem:
            made.problems[number] = problem
            continue
        made.rows[number] = row
        made.new.add(number)
        _remember(known, row)
    return made


def rank(entry: Entry) -> tuple[int, datetime]:
    """Beginnings, then what happened to them, then refunds, then what takes rows back."""
    order = {Kind.REFUND: 2, Kind.VOID: 3}
    return 0 if entry.kind in BEGINNINGS else order.get(entry.kind, 1), entry.at


def _key(entry: Entry, known: _Known) -> tuple[str, str]:
    if entry.kind == Kind.VOID:  # once for each row, whoever takes it back
        return VOIDED, _referred(entry, known).id
    return entry.source, entry.external_id


def _unchanged(entry: Entry, stored: Payment) -> Payment:
    if not _same(entry, stored):
        raise _wrong("external_id", message(USED))
    return stored


def _same(entry: Entry, stored: Payment) -> bool:
    """Whether a stored row is what was entered again. Payer and course are left out: they can be erased."""
    if entry.kind == Kind.VOID:
        return stored.kind == Kind.VOID
    return (
        (entry.kind, entry.amount) == (stored.kind, stored.amount)
        and (entry.at == stored.at or entry.local_day == stored.local_day)
        and entry.currency in ("", stored.currency)
        and (entry.months, entry.trial_end) == (stored.months, stored.trial_end)
        and (entry.free_months, entry.until) == (stored.free_months, stored.until)
    )


def _wrong(field: str, told: Message) -> Invalid:
    return Invalid(told, fields={field: told})


def _row(entry: Entry, known: _Known, by: str | None, now: datetime) -> Payment:
    if entry.kind == Kind.VOID:
        return _void(entry, _referred(entry, known), known, by, now)
    if entry.source in OWN_SOURCES and not (entry.source == MANUAL and by):
        raise _wrong("source", message(OWN, source=entry.source))
    if entry.course_id and entry.course_id not in known.courses:
        raise _wrong("course_id", message(NO_COURSE))
    row = Payment(
        id=new_id(),
        **{name: getattr(entry, name) for name in Entry.__struct_fields__ if name not in ("course_id",)},
        course_id=entry.course_id or None,
        user_id=known.users.get(entry.email),
        revenue=entry.amount if entry.kind in (Kind.ONE_OFF, Kind.CHARGE) else 0,
        created_at=now,
        created_by=by,
    )
    row.refers_to = None
    if entry.kind not in BEGINNINGS:
        _refer(row, entry, _referred(entry, known), known)
    row.search_key = search_key(row.email, row.external_id, row.note)
    return row


def _referred(entry: Entry, known: _Known) -> Payment:
    found = known.by_id.get(entry.refers_to) or known.by_reference.get((entry.source, entry.refers_to))
    if found is None:
        raise _wrong("refers_to", message(NOT_FOUND, reference=entry.refers_to))
    return found


def _refer(row: Payment, entry: Entry, to: Payment, known: _Known) -> None:
    """Check what a row belongs to, and copy currency, payer and course from it."""
    wanted = (Kind.ONE_OFF, Kind.CHARGE) if row.kind == Kind.REFUND else (Kind.RECURRING,)
    if to.kind not in wanted:
        raise _wrong("refers_to", message(NOT_PAID if row.kind == Kind.REFUND else NOT_RECURRING))
    if to.id in known.void:
        raise _wrong("refers_to", message(IS_VOID))
    if entry.currency not in ("", to.currency):
        raise _wrong("currency", message(OTHER_CURRENCY, currency=to.currency))
    if row.local_day < to.local_day:
        raise _wrong("at", message(EARLIER))
    row.at = max(row.at, to.at)  # on the day of what it belongs to, which may have a time
    row.currency, row.refers_to = to.currency, to.id
    row.email, row.user_id, row.course_id = to.email, to.user_id, to.course_id
    if row.kind == Kind.REFUND:
        left = to.amount - known.refunded[to.id]
        if row.amount > left:
            raise _wrong("amount", message(TOO_MUCH_BACK, left=money(left, to.currency)))
        row.revenue = -row.amount
    elif row.kind == Kind.CHARGE:
        if to.automatic and row.source != MANUAL:
            raise _wrong("refers_to", message(BOOKS_ITSELF))
    elif step_at(known.recurring[to.id], row.at).standing == Standing.ENDED:
        raise _wrong("at", message(OVER))


def _void(entry: Entry, to: Payment, known: _Known, by: str | None, now: datetime) -> Payment:
    """Row that takes another one back, on the day of that one."""
    if to.kind == Kind.VOID:
        raise _wrong("refers_to", message(NO_VOID))
    if known.refunded[to.id]:
        raise _wrong("refers_to", message(HAS_REFUND))
    return void_row(to, entry.note, by, now)


def void_row(to: Payment, note: str, by: str | None, now: datetime) -> Payment:
    """`by` None: no person did it, which `automatic` keeps, also when accounts are deleted."""
    return Payment(
        id=new_id(),
        kind=Kind.VOID,
        source=VOIDED,
        external_id=to.id,
        at=to.at,
        local_day=to.local_day,
        amount=to.amount,
        currency=to.currency,
        revenue=-to.revenue,
        refers_to=to.id,
        email=to.email,
        user_id=to.user_id,
        course_id=to.course_id,
        automatic=by is None,
        zone="",
        note=note,
        search_key=search_key(to.email, to.external_id, note),
        created_at=now,
        created_by=by,
    )


def _remember(known: _Known, row: Payment) -> None:
    known.by_reference[row.source, row.external_id] = known.by_id[row.id] = row
    if row.kind == Kind.RECURRING:
        known.recurring[row.id] = queries.as_recurring(row)
    elif row.kind == Kind.REFUND:
        known.refunded[str(row.refers_to)] += row.amount
    elif row.kind == Kind.VOID:
        known.void.add(str(row.refers_to))
    elif row.kind in CHANGES:
        one = known.recurring[str(row.refers_to)]
        changes = by_time((*one.changes, queries.as_change(row)))
        known.recurring[one.id] = msgspec.structs.replace(one, changes=changes)


async def _lookup(session: AsyncSession, entries: Sequence[Entry]) -> _Known:
    known = _Known()
    pairs = {(entry.source, entry.external_id) for entry in entries}
    pairs |= {(entry.source, entry.refers_to) for entry in entries if entry.refers_to}
    for keys in _parts(sorted(pairs)):
        found = tuple_(Payment.source, Payment.external_id).in_(keys)
        for row in await session.scalars(select(Payment).where(found)):
            known.by_reference[row.source, row.external_id] = known.by_id[row.id] = row
    named = sorted({entry.refers_to for entry in entries if entry.refers_to} - known.by_id.keys())
    for part in _parts(named):
        known.by_id |= {
            row.id: row for row in await session.scalars(select(Payment).where(Payment.id.in_(part)))
        }
    await _lookup_referred(session, known, {entry.refers_to for entry in entries})
    emails = sorted({entry.email for entry in entries if entry.email})
    known.users = {email: user.id for email, user in (await people.by_emails(session, emails)).items()}
    for part in _parts(sorted({entry.course_id for entry in entries if entry.course_id})):
        known.courses |= set(await session.scalars(select(Course.id).where(Course.id.in_(part))))
    return known


async def _lookup_referred(session: AsyncSession, known: _Known, references: set[str]) -> None:
    """Voids, refunds and changes of the rows that entries refer to."""
    rows = [row for row in known.by_id.values() if row.id in references or row.external_id in references]
    for part in _parts([row.id for row in rows]):
        voids = select(Payment).where(Payment.kind == Kind.VOID, Payment.refers_to.in_(part))
        for row in await session.scalars(voids):
            known.void.add(str(row.refers_to))
            known.by_reference[VOIDED, str(row.refers_to)] = row
        refunds = (
            select(Payment.refers_to, func.sum(Payment.amount))
            .where(Payment.kind == Kind.REFUND, NOT_VOIDED, Payment.refers_to.in_(part))
            .group_by(Payment.refers_to)
        )
        known.refunded |= {str(paid): int(back) for paid, back in await session.execute(refunds)}
    known.recurring = await queries.recurring_by_id(
        session, [row.id for row in rows if row.kind == Kind.RECURRING]
    )


def _parts(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[start : start + LOOKUP_IDS] for start in range(0, len(items), LOOKUP_IDS)]
