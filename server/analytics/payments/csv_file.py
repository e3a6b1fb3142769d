"""Payments as CSV: lists as spreadsheets save them, and the file of the list of payments."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.people.people_csv import excerpt, read_rows
from server.analytics.payments import entering
from server.analytics.payments.listing import PaymentFilter, filtered
from server.analytics.payments.schemas import SOURCE, Entry, LineProblem, NewPayment, Place
from server.core.errors import Invalid
from server.core.text.csv_lines import BYTE_ORDER_MARK, FORMULA, csv_lines
from server.core.text.money import major
from storage.database.engine import Database
from storage.database.tables import Course, Payment
from storage.messages import N_
from storage.states import PaymentKind as Kind

COLUMNS = (
    *("date", "kind", "amount", "currency", "email", "course", "reference", "refers_to", "source", "months"),
    *("trial_end", "free_months", "until", "automatic", "note"),
)
REQUIRED = ("date", "amount", "currency")
FIELDS = {"date": "at", "reference": "external_id", "course": "course_id"}  # columns with another name
HEADINGS = {  # in English and German, as billing systems and people write them
    **dict.fromkeys(("at", "day", "created", "datum", "tag", "buchungstag"), "date"),
    **dict.fromkeys(("type", "art", "typ"), "kind"),
    **dict.fromkeys(("betrag", "summe", "total"), "amount"),
    **dict.fromkeys(("währung", "curr"), "currency"),
    **dict.fromkeys(
        ("e-mail", "mail", "email address", "payer", "e-mail-adresse", "customer email"), "email"
    ),
    **dict.fromkeys(("kurs", "course_id", "course id"), "course"),
    **dict.fromkeys(("external_id", "id", "referenz", "invoice", "rechnung", "rechnungsnummer"), "reference"),
    **dict.fromkeys(("refers to", "bezug", "bezieht sich auf"), "refers_to"),
    **dict.fromkeys(("quelle",), "source"),
    **dict.fromkeys(("monate", "period", "zeitraum"), "months"),
    **dict.fromkeys(("trial end", "probe bis"), "trial_end"),
    **dict.fromkeys(("free months", "freimonate"), "free_months"),
    **dict.fromkeys(("bis",), "until"),
    **dict.fromkeys(("notiz", "comment", "description", "verwendungszweck"), "note"),
}
KINDS = {
    **dict.fromkeys(("", "payment", "one-off", "einmalig", "zahlung"), Kind.ONE_OFF),
    **dict.fromkeys(("subscription", "wiederkehrend", "abo"), Kind.RECURRING),
    **dict.fromkeys(("erstattung", "gutschrift"), Kind.REFUND),
    **dict.fromkeys(("rate",), Kind.CHARGE),
}
NO_WORDS, YES_WORDS = ("no", "false", "0", "nein"), ("", "yes", "true", "1", "ja")
BATCH = 500  # rows of one transaction: none is held open while a slow client reads

A_KIND = N_("This is no kind of payment. Write one_off, recurring, charge or refund.")
A_NUMBER = N_("Write a whole number.")
YES_OR_NO = N_("Write yes or no.")
SEVERAL = N_("Several courses have this title. Write the id of the course.")
TWICE = N_("This reference is in the list twice.")


class Line(msgspec.Struct, frozen=True):
    number: int  # from 1, which is the header
    entry: Entry


class PaymentsFile(msgspec.Struct, frozen=True):
    lines: list[Line]
    problems: list[LineProblem]


async def courses(session: AsyncSession) -> dict[str, str]:
    """Step: ids of courses by id and by title in lower case; empty for titles that several have."""
    found: dict[str, str] = {}
    rows = (await session.execute(select(Course.id, Course.title))).all()
    for course_id, title in rows:
        key = title.strip().casefold()
        found[key] = "" if key in found else course_id
    return found | {course_id: course_id for course_id, _ in rows}


def read(data: bytes, place: Place, known: Mapping[str, str], now: datetime) -> PaymentsFile:
    """Payments of a list, between commas, semicolons or tabs. `known`: of `courses`.

    Raises Invalid when the whole list is unusable.
    """
    rows = read_rows(data)
    header = [_column(name) for name in rows[0][1]] if rows else []
    if missing := [name for name in REQUIRED if name not in header]:
        raise Invalid(
            N_("The first line must name the columns %(columns)s; %(missing)s is missing."),
            columns=", ".join(REQUIRED),
            missing=missing[0],
        )
    if not rows[1:]:
        raise Invalid(
            N_("The list contains no payments: write one per line, below the names of the columns.")
        )
    made = PaymentsFile([], [])
    alike: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for number, cells in rows[1:]:
        values = {name: _cell(text) for name, text in zip(header, cells, strict=False)}
        try:
            entry = entering.checked(_new(values, known, alike), place, now)
            if entry.kind != Kind.VOID and (entry.source, entry.external_id) in seen:
                raise Invalid(TWICE, fields={"external_id": TWICE})
            seen.add((entry.source, entry.external_id))
            made.lines.append(Line(number, entry))
        except Invalid as problem:
            made.problems.append(problem_of(number, values, problem))
    return made


def _column(heading: str) -> str:
    name = heading.strip().lower()
    return HEADINGS.get(name, name)


def _cell(text: str) -> str:
    """Without the apostrophe that `csv_lines` writes before what looks like a formula."""
    text = text.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def _new(values: Mapping[str, str], known: Mapping[str, str], alike: Counter[str]) -> NewPayment:
    kind = _kind(values.get("kind", ""))
    currency = values.get("currency", "")
    return NewPayment(
        kind=kind,
        at=values.get("date", ""),
        amount=_amount(kind, values),
        currency=currency,
        email=values.get("email", ""),
        course_id=_course(values.get("course", ""), known),
        external_id=values.get("reference", "") or _fingerprint(values, alike),
        refers_to=values.get("refers_to", ""),
        source=values.get("source", "") or SOURCE,
        months=_number("months", values),
        trial_end=values.get("trial_end", ""),
        free_months=_number("free_months", values),
        until=values.get("until", ""),
        automatic=_flag(values) if kind == Kind.RECURRING else None,
        note=values.get("note", ""),
    )


def _kind(text: str) -> Kind:
    name = text.lower()
    if name in KINDS:
        return KINDS[name]
    if name not in tuple(Kind):
        raise Invalid(A_KIND, fields={"kind": A_KIND})
    return Kind(name)


def _amount(kind: Kind, values: Mapping[str, str]) -> int:
    text, currency = values.get("amount", ""), values.get("currency", "")
    if kind not in entering.WITH_AMOUNT:
        return 0  # nothing of it counts
    try:
        return entering.clean_amount(text, entering.clean_currency(currency))
    except Invalid as problem:
        field = "currency" if problem.message.key == entering.A_CURRENCY else "amount"
        raise Invalid(problem.message, fields={field: problem.message}) from None


def _course(text: str, known: Mapping[str, str]) -> str:
    if not text:
        return ""
    found = known.get(text) or known.get(text.casefold())
    if found == "":
        raise Invalid(SEVERAL, fields={"course_id": SEVERAL})
    return found or text  # one that is unknown is told with the others


def _number(name: str, values: Mapping[str, str]) -> int | None:
    text = values.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Invalid(A_NUMBER, fields={name: A_NUMBER})
    return int(text) if text else None


def _flag(values: Mapping[str, str]) -> bool:
    text = values.get("automatic", "").lower()
    if text not in NO_WORDS and text not in YES_WORDS:
        raise Invalid(YES_OR_NO, fields={"automatic": YES_OR_NO})
    return text in YES_WORDS


def _fingerprint(values: Mapping[str, str], alike: Counter[str]) -> str:
    """Reference of a line without one: of what it says, and which of the lines that say the same it is."""
    said = "\x1f".join(f"{name}={values[name]}" for name in sorted(values) if values[name])
    alike[said] += 1
    return "sha256:" + sha256(f"{said}\x1f{alike[said]}".encode()).hexdigest()[:32]


def problem_of(number: int, values: Mapping[str, str], problem: Invalid) -> LineProblem:
    field, sentence = next(iter(problem.fields.items()), ("", problem.message))
    columns = {name: column for column, name in FIELDS.items()}
    value = values.get(columns.get(field, field), "")
    return LineProblem(number, excerpt(values.get("email", "")), excerpt(value), sentence)


async def csv_of(database: Database, state: PaymentFilter, place: Place) -> AsyncIterator[str]:
    """Text of the file in parts: everything that the filter finds, by time. An import reads it again."""
    yield BYTE_ORDER_MARK + csv_lines([COLUMNS])
    found = filtered(select(Payment, Course.title), state).outerjoin(Course, Course.id == Payment.course_id)
    last: tuple[datetime, str] | None = None
    while True:
        part = found.order_by(Payment.at, Payment.id).limit(BATCH)
        if last is not None:
            at, payment_id = last
            part = part.where((Payment.at > at) | ((Payment.at == at) & (Payment.id > payment_id)))
        async with database.read() as session:
            rows: Sequence[tuple[Payment, str | None]] = [
                (row, title) for row, title in await session.execute(part)
            ]
        if not rows:
            return
        yield csv_lines(_cells(row, ZoneInfo(place.zone)) for row, _ in rows)
        last = rows[-1][0].at, rows[-1][0].id


def _cells(row: Payment, zone: ZoneInfo) -> tuple[str, ...]:
    has_amount = row.kind in (*entering.WITH_AMOUNT, Kind.VOID) and row.amount
    return (
        row.at.astimezone(zone).isoformat(),
        row.kind,
        str(major(row.amount, row.currency)) if has_amount else "",
        row.currency,
        row.email,
        row.course_id or "",
        row.external_id,
        row.refers_to or "",
        row.source,
        str(row.months or ""),
        row.trial_end.astimezone(zone).isoformat() if row.trial_end else "",
        str(row.free_months or ""),
        row.until.astimezone(zone).isoformat() if row.until else "",
        ("yes" if row.automatic else "no") if row.kind == Kind.RECURRING else "",
        row.note,
    )
