"""How long kinds of data are kept. Pure."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from server.core.errors import Invalid
from storage.messages import N_
from storage.states import FactKind
from storage.states.privacy import RetentionKind

MOST_MONTHS = 240
NOT_A_NUMBER = N_("Write a number of months from 1 to 240, or nothing to keep everything.")
# Neither XP nor completions, certificates and the figures of journeys through courses are made from them.
DELETABLE = (
    FactKind.LESSON_STARTED,
    FactKind.QUIZ_SUBMITTED,
    FactKind.PAYMENT,
    FactKind.CERTIFICATE_ISSUED,
    FactKind.CERTIFICATE_REVOKED,
)


class Cutoff(msgspec.Struct, frozen=True):
    """Data of days before `day` has reached its limit."""

    day: str  # local day
    at: datetime  # its noon, for what has a moment instead of a day: half a day later than the day begins


def clean_limits(typed: Mapping[str, str]) -> dict[RetentionKind, int | None]:
    """Months of each kind; None: kept. Raises one Invalid with all errors."""
    found: dict[RetentionKind, int | None] = {}
    faults: dict[str, str] = {}
    for kind in RetentionKind:
        text = typed.get(kind, "").strip()
        if not text:
            found[kind] = None
        elif text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST_MONTHS:
            found[kind] = int(text)
        else:
            faults[kind] = NOT_A_NUMBER
    if faults:
        raise Invalid(NOT_A_NUMBER, fields=faults)
    return found


def months_before(day: str, months: int) -> str:
    """The same day of an earlier month, or its last one: data of days before it has reached the limit."""
    named = date.fromisoformat(day)
    number = named.year * 12 + named.month - 1 - months
    year, month = max(1, number // 12), number % 12 + 1
    return date(year, month, min(named.day, monthrange(year, month)[1])).isoformat()
