"""What learners pay: fees of courses, some given back, and memberships by the month or year. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from server.analytics.payments.schemas import NewPayment
from server.demo.catalogue.lessons import courses
from server.demo.ids import random_for
from server.demo.people.members import Member
from server.demo.year.deeds import Deed, Reached
from storage.states import FactKind, PaymentKind

SOURCE = "demo billing"
FEES = (1900, 2900, 4900, 7900)  # minor units, by the course
PAYS, REFUNDED = 0.28, 0.04  # shares of enrolments, and of fees
MEMBERS, ENDED = 0.08, 0.35  # shares of learners, and of memberships
MONTHLY, YEARLY = 1200, 12000
SOONEST = timedelta(days=8)  # until a fee is given back


def payments(member: Member, deeds: Iterable[Deed], end: datetime) -> Iterator[NewPayment]:
    """In an order in which what is referred to comes first."""
    draw = random_for("payments", member.number)
    currency = draw.choices(("EUR", "USD"), (88, 12))[0]
    for deed in deeds:
        if not isinstance(deed, Reached) or deed.kind != FactKind.ENROLLED or draw.random() >= PAYS:
            continue
        own = f"F-{member.number:05d}-{deed.course:02d}-{deed.at:%y%m%d}"
        amount = FEES[deed.course % len(FEES)]
        about: dict[str, Any] = {"source": SOURCE, "amount": amount, "currency": currency}
        title = courses()[deed.course]
        yield NewPayment(
            at=deed.at.isoformat(),
            external_id=own,
            email=member.email,
            course_id=title.id,
            note="Course fee",
            **about,
        )
        back = deed.at + SOONEST + timedelta(hours=5)
        if draw.random() < REFUNDED and back < end:
            yield NewPayment(
                at=back.isoformat(), kind=PaymentKind.REFUND, external_id=f"{own}-R", refers_to=own, **about
            )
    if draw.random() < MEMBERS:
        yield from _membership(member, currency, draw.random() < 0.25, draw.random() < ENDED, end)


def _membership(
    member: Member, currency: str, yearly: bool, ended: bool, end: datetime
) -> Iterator[NewPayment]:
    own = f"M-{member.number:05d}"
    yield NewPayment(
        at=(member.joined + timedelta(hours=1)).isoformat(),
        kind=PaymentKind.RECURRING,
        amount=YEARLY if yearly else MONTHLY,
        currency=currency,
        months=12 if yearly else 1,
        external_id=own,
        source=SOURCE,
        email=member.email,
        note="Membership",
    )
    stop = member.joined + (end - member.joined) * random_for("membership", member.number).uniform(0.3, 0.95)
    if ended and stop - member.joined > timedelta(days=20):
        yield NewPayment(
            at=stop.isoformat(), kind=PaymentKind.ENDED, external_id=f"{own}-E", refers_to=own, source=SOURCE
        )
