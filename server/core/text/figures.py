"""Figure in its unit, as pages of analytics write it: a table has thousands of them."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from server.core.text.formats import day_label, file_size, number, spoken_time, translated
from server.core.text.i18n import gettext, locale
from server.core.text.money import money

NONE = "–"  # of nothing, as a rate 0/0
MONEY = ("minor units", "money")
AMOUNTS_KEPT = 8192  # amounts that are kept as they are written


def figure(value: Any, unit: str, currency: str = "") -> str:
    """`unit`: of `server.analytics.definitions.metric`, or the kind of a table's cell; others are numbers."""
    if value is None:
        return NONE
    if unit in MONEY:
        return _money(value, currency, str(locale()))
    return WRITTEN.get(unit, number)(value)


@lru_cache(AMOUNTS_KEPT)
def _money(value: int, currency: str, _language: str) -> str:
    return money(value, currency)


def hours(seconds: float) -> str:
    """0 s, 5 min, 3.4 h, 1,234 h: whole hours from ten on."""
    if seconds < 3600:
        return spoken_time(seconds)
    shown = round(seconds / 3600) if seconds >= 36000 else round(seconds / 3600, 1)
    return gettext("%(hours)s h") % {"hours": number(shown)}


def _percent(value: float) -> str:
    return gettext("%(percent)s %%") % {"percent": number(value)}


WRITTEN: dict[str, Callable[[Any], str]] = {
    "seconds": hours,
    "bytes": file_size,
    "percent": _percent,
    "day": day_label,
    "term": translated,
    "name": str,
}
