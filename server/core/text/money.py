"""Money: currencies of ISO 4217 and amounts in minor units, in the reader's language."""

from decimal import Decimal
from functools import cache

from babel.core import get_global
from babel.numbers import format_currency, get_currency_name

from server.core.text.i18n import locale

# Decimal places of ISO 4217 where they are not 2. Babel has those of CLDR, which shops use: none for the
# Iraqi dinar, whose minor unit is a thousandth.
PLACES = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


@cache
def currencies() -> frozenset[str]:
    """Codes of the currencies that are legal tender somewhere today."""
    return frozenset(
        code
        for territory in get_global("territory_currencies").values()
        for code, _begin, end, is_tender in territory
        if end is None and is_tender
    )


def places(currency: str) -> int:
    """Decimal places of a currency's minor unit."""
    return PLACES.get(currency, 2)


def major(minor: int, currency: str) -> Decimal:
    """Amount in the currency's own unit, with all its decimal places: 1250 cents are 12.50."""
    return Decimal(minor).scaleb(-places(currency))


def money(minor: int, currency: str) -> str:
    """€12.50, 12,50 €, ¥1,250: as the reader's language writes it."""
    amount = major(minor, currency)
    return format_currency(amount, currency, locale=locale(), decimal_quantization=False)


def amount(value: float, currency: str) -> str:
    """Amount in the currency's own unit on an axis, without decimal places: €1,250, 1.250 €."""
    place = locale()
    short = place.currency_formats["standard"].pattern.replace("0.00", "0.##")
    return format_currency(value, currency, format=short, locale=place, currency_digits=False)


def currency_name(currency: str) -> str:
    return get_currency_name(currency, locale=locale())
