"""Template filters: numbers, times and sizes in the reader's language."""

import math
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal

from server.core.text.i18n import gettext, locale
from server.core.text.merge import differences, fingerprint
from server.core.text.money import amount, currency_name, money
from storage.messages import Figure, Message, Unit, format_message

UNITS = ("B", "kB", "MB", "GB", "TB")
WRITTEN = 8192  # numbers and days that are kept as they are written: a table has thousands of them


def clock_time(seconds: float | None) -> str:
    """65 -> 1:05, 3725 -> 1:02:05, None -> empty."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def spoken_time(seconds: float | None) -> str:
    """Duration for screen readers and totals: "1 h 2 min", "45 s"."""
    whole = round(seconds or 0)
    if whole < 60:
        return gettext("%(seconds)s s") % {"seconds": whole}
    hours, minutes = divmod(round(whole / 60), 60)
    if not hours:
        return gettext("%(minutes)s min") % {"minutes": minutes}
    return gettext("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}


def exact_time(seconds: float) -> str:
    """Duration to the second, in words: "4 min 10 s", "1 h 2 min 3 s"."""
    minutes, rest = divmod(math.ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        gettext("%(hours)s h") % {"hours": hours} if hours else "",
        gettext("%(minutes)s min") % {"minutes": minutes} if minutes else "",
        gettext("%(seconds)s s") % {"seconds": rest} if rest or not (hours or minutes) else "",
    ]
    return " ".join(part for part in parts if part)


def file_size(count: float) -> str:
    """Size in decimal units, as for discs and networks: 1.4 GB."""
    step = 0
    while count >= 1000 and step < len(UNITS) - 1:
        count, step = count / 1000, step + 1
    whole = step == 0 or count >= 100
    return f"{format_decimal(count, format='#,##0' if whole else '#,##0.#', locale=locale())} {UNITS[step]}"


def number(value: float) -> str:
    return _number(value, str(locale()))


@lru_cache(WRITTEN, typed=True)  # 1 is not 1.0
def _number(value: float, name: str) -> str:
    return format_decimal(value, locale=name)


def day(moment: datetime, zone: str = "UTC") -> str:
    return format_date(moment.astimezone(ZoneInfo(zone)).date(), format="medium", locale=locale())


def day_label(label: str) -> str:
    """A local day as it was written with a fact, as in 2026-11-27."""
    return _day_label(label, str(locale()))


@lru_cache(WRITTEN)
def _day_label(label: str, name: str) -> str:
    return format_date(date.fromisoformat(label), format="long", locale=name)


def short_day(label: str) -> str:
    """A local day on an axis: 27 Nov."""
    return format_skeleton("MMMd", date.fromisoformat(label), locale=locale())


def weekday(label: str, width: str = "EEEE") -> str:
    """Name of a local day's weekday; width "EEE": short."""
    return format_date(date.fromisoformat(label), format=width, locale=locale())


def month(label: str) -> str:
    """A month, as in 2026-11, with its year."""
    return format_date(date.fromisoformat(f"{label}-01"), format="LLLL y", locale=locale())


def moment(value: datetime, zone: str = "UTC") -> str:
    local = value.astimezone(ZoneInfo(zone))
    text = f"{format_date(local.date(), locale=locale())}, {format_time(local, 'short', locale=locale())}"
    return text.replace("\u202f", "\u00a0")  # fonts without the narrow no-break space render no space


def time_of_day(value: datetime, zone: str = "UTC") -> str:
    """14:02, or 2:02 PM."""
    local = value.astimezone(ZoneInfo(zone))
    return format_time(local, "short", locale=locale()).replace("\u202f", "\u00a0")


def local_time(value: datetime, zone: str = "UTC") -> str:
    """A moment as it is typed into a form: 2026-12-01 18:30."""
    return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def initials(name: str) -> str:
    """At most two letters for a round badge."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def reject_keys(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def translated(told: str | Message | None) -> str:
    """A message, or a text that is not written out in the template, in the reader's language."""
    if not told:
        return ""
    return format_message(told, gettext, figure) if isinstance(told, Message) else gettext(told)


def figure(quantity: Figure) -> str:
    """A quantity as the reader's language writes it."""
    match quantity.unit:
        case Unit.BYTES:
            return file_size(quantity.value)
        case Unit.SECONDS:
            return clock_time(quantity.value)
        case Unit.SPAN:
            return spoken_time(quantity.value)
        case Unit.EXACT:
            return exact_time(quantity.value)
        case _:
            return number(quantity.value)


FILTERS: dict[str, Callable[..., Any]] = {
    "clock_time": clock_time,
    "spoken_time": spoken_time,
    "exact_time": exact_time,
    "file_size": file_size,
    "number": number,
    "money": money,
    "amount": amount,
    "currency_name": currency_name,
    "day": day,
    "day_label": day_label,
    "short_day": short_day,
    "time_of_day": time_of_day,
    "weekday": weekday,
    "month": month,
    "moment": moment,
    "local_time": local_time,
    "initials": initials,
    "translated": translated,
    "fingerprint": fingerprint,
    "differences": differences,
    "reject_keys": reject_keys,
}
