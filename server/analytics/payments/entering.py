"""Validation of payments as they are entered, posted or imported: each by itself. Raises Invalid. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from zoneinfo import ZoneInfo

from server.accounts.rules import clean_email
from server.analytics.payments.rules import PERIODS
from server.analytics.payments.schemas import Entry, NewPayment, Place
from server.core.clock import SKEW, local_day
from server.core.errors import Invalid, WrongFields
from server.core.text.money import currencies, places
from server.core.text.normalize import one_line
from server.learning.quizzes.numbers import plain, readings
from storage.messages import N_, Figure, Unit
from storage.states import PaymentKind as Kind

MOST = 10**12  # minor units of one payment
NOTE_LENGTH = 500  # characters
LENGTHS = {"external_id": 200, "refers_to": 200, "source": 40, "note": NOTE_LENGTH}
FIRST_YEAR = 2000
AHEAD = timedelta(days=400)  # that a recurring payment can begin or end in the future
FREE_MONTHS = 24
GROUP = 3  # digits between two marks of thousands
BEGINNINGS = (Kind.ONE_OFF, Kind.RECURRING)
MONEY = (Kind.ONE_OFF, Kind.CHARGE, Kind.REFUND)
WITH_AMOUNT = (*MONEY, Kind.RECURRING, Kind.CHANGED)
TAKES: dict[str, tuple[Kind, ...]] = {
    "amount": WITH_AMOUNT,
    "refers_to": tuple(kind for kind in Kind if kind not in BEGINNINGS),
    "months": (Kind.RECURRING, Kind.CHANGED),
    "trial_end": (Kind.RECURRING,),
    "free_months": (Kind.RECURRING, Kind.FREE),
    "until": (Kind.CANCELLED,),
    "automatic": (Kind.RECURRING,),
}
_SIGN = re.compile(r"[€$£¥]|[A-Z]{3}")
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

A_DATE = N_("Write a date as in 2026-11-27, with a time as in 2026-11-27 14:05.")
AN_AMOUNT = N_("Write an amount above 0.")
TOO_MUCH = N_("This is more than one payment can be.")
NO_SIGN = N_("Write the amount without a minus sign. Money that went back is a refund.")
A_CURRENCY = N_("Write the currency as a code of three letters, as in EUR.")
NOT_HERE = N_("Leave this empty for this kind of payment.")
A_PERIOD = N_("Write 1 to 12, 18, 24, 36 or 60 months.")
SOME_MONTHS = N_("Write a whole number of months from 1 to %(most)s.")
A_REFERENCE = N_("Name the payment that this belongs to by its reference.")
NO_REFERENCE = N_("Give each payment a reference of its own, so that sending it again adds nothing.")
TOO_LONG = N_("Write at most %(count)s characters.")
FUTURE = N_("This day has not come yet.")
TOO_FAR = N_("This is more than a year away.")
AFTER = N_("This must be later than the beginning.")


def checked(new: NewPayment, place: Place, now: datetime) -> Entry:
    """Complains about every wrong field at once."""
    found = WrongFields()
    for name, kinds in TAKES.items():
        if new.kind not in kinds and getattr(new, name) not in ("", 0, None, False):
            found.refuse(name, NOT_HERE)
    at = found.of("at", lambda: clean_moment("at", new.at, place)) or now
    currency = found.of("currency", lambda: _currency(new)) or ""
    found.of("at", lambda: _in_time(new.kind, at, now))
    found.of("amount", lambda: _amount(new))
    months = found.of("months", lambda: _months(new))
    free_months = found.of("free_months", lambda: _free_months(new))
    trial_end = found.of("trial_end", lambda: _later("trial_end", new.trial_end, at, place))
    until = found.of("until", lambda: _later("until", new.until, at, place))
    email = found.of("email", lambda: clean_email(new.email) if new.email.strip() else "")
    if new.kind not in BEGINNINGS and not new.refers_to.strip():
        found.refuse("refers_to", A_REFERENCE)
    texts = {
        name: found.of(name, partial(_short, name, getattr(new, name), limit)) or ""
        for name, limit in LENGTHS.items()
    }
    if not texts["external_id"] and new.kind != Kind.VOID:
        found.refuse("external_id", NO_REFERENCE)
    found.raise_any()
    return Entry(
        kind=new.kind,
        at=at,
        local_day=local_day(at, place.zone, place.day_start_hour).isoformat(),
        amount=new.amount,
        currency=currency,
        email=email or "",
        course_id=new.course_id.strip(),
        months=months,
        trial_end=trial_end,
        free_months=free_months,
        until=until,
        automatic=new.kind == Kind.RECURRING and new.automatic is not False,
        zone=place.zone if new.kind == Kind.RECURRING else "",
        **texts,
    )


def _currency(new: NewPayment) -> str:
    if not new.currency.strip() and new.kind not in BEGINNINGS:
        return ""  # that of what it refers to
    return clean_currency(new.currency)


def clean_currency(text: str) -> str:
    code = text.strip().upper()
    if code not in currencies():
        raise Invalid(A_CURRENCY)
    return code


def _amount(new: NewPayment) -> None:
    if new.kind in WITH_AMOUNT:
        _in_range(new.amount)


def _in_range(minor: int) -> None:
    if minor < 0:
        raise Invalid(NO_SIGN)
    if minor == 0:
        raise Invalid(AN_AMOUNT)
    if minor > MOST:
        raise Invalid(TOO_MUCH)


def clean_amount(text: str, currency: str) -> int:
    """Amount in minor units from one as it is typed: 1,234.50 or 1.234,50, with the currency or without.

    Raises Invalid also for 1.234 where the currency has two decimal places: nobody knows what it means.
    """
    found = readings(_SIGN.sub("", text, count=1))
    if len(found) == 2:
        found = (_meant(text.strip(), found[0], found[1], currency),)
    minor = found[0].scaleb(places(currency))
    if minor != minor.to_integral():
        raise Invalid(
            N_("An amount in %(currency)s has at most %(count)s decimal places."),
            currency=currency,
            count=Figure(places(currency), Unit.NUMBER),
        )
    _in_range(int(min(minor, Decimal(MOST + 1))))
    return int(minor)


def _meant(text: str, small: Decimal, large: Decimal, currency: str) -> Decimal:
    """Which of both readings of one mark before three digits: decimals where the currency has three, a group
    where it has none. Raises Invalid for the others."""
    count = places(currency)
    if count in (0, GROUP):
        return small if count else large
    step = Decimal(1).scaleb(-count)
    raise Invalid(
        N_(
            "“%(text)s” can be read as %(small)s or as %(large)s. Write %(plain)s for the larger one, or"
            " %(rounded)s, with %(count)s decimal places, for the smaller one."
        ),
        text=text,
        small=plain(small),
        large=plain(large),
        plain=plain(large.quantize(step)),
        rounded=plain(small.quantize(step, ROUND_HALF_UP)),
        count=Figure(count, Unit.NUMBER),
    )


def _months(new: NewPayment) -> int | None:
    months = 1 if new.months is None and new.kind == Kind.RECURRING else new.months
    if months is not None and months not in PERIODS:
        raise Invalid(A_PERIOD)
    return months


def _free_months(new: NewPayment) -> int | None:
    months = new.free_months or None
    if months is None and new.kind != Kind.FREE:
        return None
    if months is None or not 1 <= months <= FREE_MONTHS:
        raise Invalid(SOME_MONTHS, most=FREE_MONTHS)
    return months


def _later(name: str, text: str, at: datetime, place: Place) -> datetime | None:
    if not text.strip():
        return None
    moment = clean_moment(name, text, place)
    if moment <= at:
        raise Invalid(AFTER)
    return moment


def _in_time(kind: Kind, at: datetime, now: datetime) -> None:
    if kind in MONEY and at > now + SKEW:
        raise Invalid(FUTURE)
    if at > now + AHEAD:
        raise Invalid(TOO_FAR)


def _short(name: str, text: str, limit: int) -> str:
    line = one_line(text, limit=limit)
    if len(line) > limit or not line.isprintable():
        raise Invalid(TOO_LONG, fields={name: TOO_LONG}, count=limit)
    return line


def clean_moment(field: str, text: str, place: Place) -> datetime:
    """Moment in UTC. A day is its beginning in the institution's time zone, a time without an offset is
    meant there."""
    text = text.strip()
    if german := _GERMAN.fullmatch(text):
        text = f"{german[3]}-{int(german[2]):02}-{int(german[1]):02}"
    try:
        if _DAY.fullmatch(text):
            found = datetime.combine(date.fromisoformat(text), time(place.day_start_hour))
        else:
            found = datetime.fromisoformat(text if len(text) > 10 else "")
        found = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(place.zone))
        moment = found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(A_DATE, fields={field: A_DATE}) from None
    if not FIRST_YEAR <= moment.year < 9000:
        raise Invalid(A_DATE, fields={field: A_DATE})
    return moment


def clean_reason(text: str) -> str:
    """Reason of an administrator, which is required."""
    reason = _short("note", text, NOTE_LENGTH)
    if not reason:
        sentence = N_("Write the reason.")
        raise Invalid(sentence, fields={"note": sentence})
    return reason
