"""Recurring payments over time: standing, periods, what is due (spec section 10). Pure."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from zoneinfo import ZoneInfo

import msgspec

from storage.states import PaymentKind

PERIODS = (*range(1, 13), 18, 24, 36, 60)  # months of a period
PARTS = 27_720  # of a minor unit: divisible by each of PERIODS
PAST_DUE = timedelta(days=30)  # that a recurring payment counts while a payment is missing
TICK = timedelta(microseconds=1)  # between a moment and the one just before it


class Standing(StrEnum):
    """Of a recurring payment at a moment."""

    PLANNED = "planned"  # before its beginning
    TRIAL = "trial"
    FREE = "free"
    ACTIVE = "active"
    PAUSED = "paused"
    PAST_DUE = "past_due"
    LAPSED = "lapsed"  # past due for longer than PAST_DUE: churned, until it is recovered
    ENDED = "ended"


COUNTING = (Standing.ACTIVE, Standing.PAUSED, Standing.PAST_DUE)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a recurring payment."""

    kind: PaymentKind
    at: datetime
    amount: int = 0  # changed
    months: int | None = None  # changed; None: as before
    free_months: int = 0  # free
    until: datetime | None = None  # cancelled


class Recurring(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    payer: str  # whose recurring payments are one customer's
    currency: str
    zone: str  # IANA name
    start: datetime
    amount: int  # minor units of a period
    months: int  # of a period
    trial_end: datetime | None = None
    free_months: int = 0  # after the trial
    changes: tuple[Change, ...] = ()  # by time


class Step(msgspec.Struct, frozen=True):
    """What holds from a moment on."""

    at: datetime
    standing: Standing
    parts: int = 0  # of MRR


class _Terms(msgspec.Struct):
    """A recurring payment after some of its changes."""

    amount: int
    months: int
    anchor: datetime  # periods are counted from it
    paused: bool = False
    past_due: datetime | None = None
    ends_at: datetime | None = None
    free: list[tuple[datetime, datetime]] = []


def add_months(moment: datetime, months: int, zone: str) -> datetime:
    """Same local time some months later: the last day of a shorter month; UTC."""
    local = moment.astimezone(ZoneInfo(zone))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(UTC)


def period_end(anchor: datetime, months: int, zone: str, moment: datetime) -> datetime:
    """End of the period that a moment is in; before the first one, its beginning."""
    number = 0
    while (end := add_months(anchor, number * months, zone)) <= moment:
        number += 1
    return end


def _terms(one: Recurring, moment: datetime) -> _Terms:
    """After all changes up to a moment. Nothing happens after the end."""
    anchor = max(one.start, one.trial_end or one.start)
    terms = _Terms(one.amount, one.months, anchor)
    if one.free_months:
        terms.free.append((anchor, add_months(anchor, one.free_months, one.zone)))
    for change in one.changes:
        if change.at > moment or (terms.ends_at and terms.ends_at <= change.at):
            break
        _apply(one, terms, change)
    return terms


def _apply(one: Recurring, terms: _Terms, change: Change) -> None:
    match change.kind:
        case PaymentKind.CHANGED:
            terms.amount = change.amount
            if change.months is not None and change.months != terms.months:
                terms.months, terms.anchor = change.months, max(terms.anchor, change.at)
        case PaymentKind.FREE:
            terms.free.append((change.at, add_months(change.at, change.free_months, one.zone)))
        case PaymentKind.PAUSED | PaymentKind.RESUMED:
            terms.paused = change.kind == PaymentKind.PAUSED
        case PaymentKind.PAST_DUE:
            terms.past_due = terms.past_due or change.at
        case PaymentKind.RECOVERED:
            terms.past_due = None
        case PaymentKind.CANCELLED:
            end = change.until or period_end(terms.anchor, terms.months, one.zone, change.at)
            terms.ends_at = max(end, change.at)
        case PaymentKind.KEPT:
            terms.ends_at = None
        case PaymentKind.ENDED:
            terms.ends_at = change.at


def step_at(one: Recurring, moment: datetime) -> Step:
    """Standing and MRR at a moment."""
    if moment < one.start:
        return Step(moment, Standing.PLANNED)
    terms = _terms(one, moment)
    standing = _standing(one, terms, moment)
    parts = terms.amount * PARTS // terms.months if standing in COUNTING else 0
    return Step(moment, standing, parts)


def _standing(one: Recurring, terms: _Terms, moment: datetime) -> Standing:
    if terms.ends_at and terms.ends_at <= moment:
        return Standing.ENDED
    if one.trial_end and moment < one.trial_end:
        return Standing.TRIAL
    if terms.past_due and moment >= terms.past_due + PAST_DUE:
        return Standing.LAPSED
    if any(begin <= moment < end for begin, end in terms.free):
        return Standing.FREE
    if terms.past_due:
        return Standing.PAST_DUE
    return Standing.PAUSED if terms.paused else Standing.ACTIVE


def end_of(one: Recurring, moment: datetime) -> datetime | None:
    """When it ends, as far as a moment knows; None: it goes on."""
    return _terms(one, moment).ends_at


def timeline(one: Recurring) -> list[Step]:
    """Every step from its beginning on, by time."""
    moments = {one.start, one.trial_end or one.start, *(change.at for change in one.changes)}
    moments |= {change.at + PAST_DUE for change in one.changes if change.kind == PaymentKind.PAST_DUE}
    for moment in tuple(moments):
        terms = _terms(one, moment)
        moments |= {end for _, end in terms.free} | {terms.ends_at or one.start}
    found: list[Step] = []
    for moment in sorted(moments):
        step = step_at(one, moment)
        if step.standing != Standing.PLANNED and (not found or _differs(found[-1], step)):
            found.append(step)
    return found


def _differs(before: Step, after: Step) -> bool:
    return (before.standing, before.parts) != (after.standing, after.parts)


def due_charges(one: Recurring, after: datetime | None, now: datetime) -> list[tuple[datetime, int]]:
    """First days of periods later than `after`, up to now, with their amounts in minor units. Not in trials,
    free months and pauses, nor while a payment is missing."""
    edges = sorted({one.start, now, *(change.at for change in one.changes if change.at <= now)})
    found: dict[datetime, int] = {}
    for begin, end in zip(edges, [*edges[1:], now + TICK], strict=True):
        terms, number = _terms(one, begin), 0
        while (due := add_months(terms.anchor, number * terms.months, one.zone)) < end:
            number += 1
            active = due >= begin and step_at(one, due).standing == Standing.ACTIVE
            if active and (after is None or due > after):
                found[due] = _terms(one, due).amount
    return sorted(found.items())


def by_time(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes in their order; those of one moment stay as they were."""
    return tuple(sorted(changes, key=attrgetter("at")))
