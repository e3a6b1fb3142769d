"""Rows of payments of the generated years, as billing would have reported them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks.years.people import DAY, Paid
from server.analytics.payments.rules import add_months
from storage.states import PaymentKind

COLUMNS = (
    *("id", "kind", "source", "external_id", "at", "local_day", "amount", "currency", "revenue", "refers_to"),
    *("email", "user_id", "course_id", "months", "automatic", "zone", "note", "search_key", "created_at"),
)
ZONE = "UTC"


def rows(paid: Paid, end: datetime) -> Iterator[tuple[Any, ...]]:
    """The payment and what followed from it."""
    own = f"019e{paid.person:020x}{paid.course:04x}"
    if not paid.months:
        yield _row(own, PaymentKind.ONE_OFF, paid, paid.at, revenue=paid.amount)
        if paid.refunded:
            yield _row(own, PaymentKind.REFUND, paid, paid.refunded, revenue=-paid.amount, number=1)
        return
    yield _row(own, PaymentKind.RECURRING, paid, paid.at)
    start, number = datetime.fromtimestamp(paid.at, UTC), 0
    until = min(end, datetime.fromtimestamp(paid.ended, UTC) if paid.ended else end)
    while (moment := add_months(start, number * paid.months, ZONE)) < until:
        number += 1
        at = int(moment.timestamp())
        yield _row(own, PaymentKind.CHARGE, paid, at, revenue=paid.amount, number=number)
    if paid.ended:
        yield _row(own, PaymentKind.ENDED, paid, max(paid.ended, paid.at + DAY), number=number + 1)


def _row(
    own: str, kind: PaymentKind, paid: Paid, at: int, *, revenue: int = 0, number: int = 0
) -> tuple[Any, ...]:
    row_id = f"{own}{number:04x}"
    moment = datetime.fromtimestamp(at, UTC)
    written = f"{moment:%Y-%m-%d %H:%M:%S}.000000"
    amount = 0 if kind == PaymentKind.ENDED else paid.amount
    months = paid.months if kind == PaymentKind.RECURRING else None
    about = (f"person{paid.person}@example.edu", f"0197{paid.person:028x}", f"0198{paid.course:028x}")
    return (
        *(row_id, str(kind), "benchmark", row_id, written, moment.date().isoformat(), amount, paid.currency),
        *(revenue, f"{own}0000" if number else None, *about, months, 0, ZONE if months else "", "", about[0]),
        written,
    )
