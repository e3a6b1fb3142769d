"""Input and output types of payments, as JSON and as template variables."""

from datetime import datetime
from typing import Annotated

import msgspec

from storage.messages import Message
from storage.states import PaymentKind

SOURCE = "billing"  # of what is posted and imported, unless it names another
MANUAL, PLAN, VOIDED = "manual", "plan", "void"  # sources of rows that are made here
OWN_SOURCES = (MANUAL, PLAN, VOIDED)
MOST_POSTED = 1000  # payments of one request


class NewPayment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payment as it is entered, posted or imported; `amount` in minor units of the currency.

    `at` and the other moments: 2026-11-27 is the beginning of that day, and 2026-11-27 14:05 the time, in the
    institution's time zone; 2026-11-27T13:05:00Z is exact.
    """

    at: str
    kind: PaymentKind = PaymentKind.ONE_OFF
    amount: int = 0
    currency: str = ""
    external_id: str = ""
    source: str = SOURCE
    refers_to: str = ""  # external_id of the same source, or an id
    email: str = ""
    course_id: str = ""
    months: int | None = None
    trial_end: str = ""
    free_months: int | None = None
    until: str = ""
    automatic: bool | None = None  # None: as if true, for recurring payments
    note: str = ""


Posted = Annotated[list[NewPayment], msgspec.Meta(min_length=1, max_length=MOST_POSTED)]


class Place(msgspec.Struct, frozen=True):
    """How the institution counts days."""

    zone: str  # IANA name
    day_start_hour: int = 0


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that was checked by itself, before anything is looked up."""

    kind: PaymentKind
    source: str
    external_id: str
    at: datetime
    local_day: str
    amount: int
    currency: str
    refers_to: str
    email: str
    course_id: str
    months: int | None
    trial_end: datetime | None
    free_months: int | None
    until: datetime | None
    automatic: bool
    zone: str
    note: str


class Recorded(msgspec.Struct, frozen=True):
    id: str
    external_id: str
    added: bool  # false: it was there before


class Result(msgspec.Struct, frozen=True):
    """What came of what was posted, in its order."""

    added: int
    unchanged: int
    payments: list[Recorded]


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kind: PaymentKind
    at: datetime
    local_day: str
    amount: int  # minor units; 0: it names none
    currency: str
    revenue: int  # minor units that it adds to the revenue of its day
    email: str
    name: str  # of the account with this address; empty: none
    user_id: str | None
    course_id: str | None
    course_title: str | None
    source: str
    external_id: str
    refers_to: str | None  # id
    months: int | None
    trial_end: datetime | None
    free_months: int | None
    until: datetime | None
    automatic: bool
    note: str
    voided: bool  # taken back as entered by mistake
    refunded: int  # minor units
    standing: str | None  # of a recurring payment, now
    created_at: datetime
    created_by: str | None  # name of the administrator


class Total(msgspec.Struct, frozen=True):
    """Sums of one currency in minor units."""

    currency: str
    paid: int
    refunded: int
    revenue: int
    count: int  # rows with money


class PaymentsPage(msgspec.Struct, frozen=True):
    payments: list[PaymentView]
    totals: list[Total]  # of all pages
    page: int
    pages: int
    count: int


class LineProblem(msgspec.Struct, frozen=True):
    line: int
    person: str
    value: str
    sentence: Message
