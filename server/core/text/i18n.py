"""Language of a text. A translation is one file: web/locale/<language>/LC_MESSAGES/skillstudio.po.

`core.web.middleware.language` sets the reader's language for the request, `in_language` that of a mail;
`gettext` then uses it, in templates and in Python alike. English is the source language and the fallback.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO

from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from web import LOCALE

DOMAIN = "skillstudio"
FALLBACK = "en"
MAX_LANGUAGES = 20  # entries of an Accept-Language header that are read

_language: ContextVar[str] = ContextVar("language", default=FALLBACK)


def gettext(message: str) -> str:
    return translations(_language.get()).gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    return translations(_language.get()).ngettext(singular, plural, number)


def set_language(name: str) -> Token[str]:
    """Answer in this language from here on in the current task; `reset_language` takes it back."""
    return _language.set(name)


def reset_language(token: Token[str]) -> None:
    _language.reset(token)


@contextmanager
def in_language(name: str) -> Iterator[None]:
    """Texts of this block in one language, whoever caused them: mails and notices."""
    token = set_language(name)
    try:
        yield
    finally:
        reset_language(token)


def language() -> str:
    """Language of this request, as a value of the `lang` attribute."""
    return _language.get().replace("_", "-")


def locale() -> Locale:
    """Babel locale of this request, for dates and numbers."""
    return _locale(_language.get())


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


@cache
def languages() -> tuple[str, ...]:
    """English and every catalogue in web/locale."""
    found = sorted(path.parent.parent.name for path in LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
    return (FALLBACK, *found)


@cache
def translations(name: str) -> NullTranslations:
    """Translations read from the .po file itself, so that no compile step can be forgotten."""
    source = LOCALE / name / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not source.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with source.open("rb") as lines:
        write_mo(compiled, read_po(lines, locale=name))
    compiled.seek(0)
    return GNUTranslations(compiled)


def negotiate(accept_language: str, otherwise: str = FALLBACK) -> str:
    """Best available language for an Accept-Language header (RFC 9110 12.5.4), or else another one."""
    return negotiate_locale(wanted(accept_language), languages(), sep="_") or otherwise


def wanted(accept_language: str) -> list[str]:
    """Locale names by descending weight; malformed entries are left out."""
    ranked = []
    for item in accept_language.split(",")[:MAX_LANGUAGES]:
        tag, _, weight = item.partition(";")
        with suppress(ValueError):
            ranked.append((float(weight.strip().removeprefix("q=") or 1), tag.strip().replace("-", "_")))
    ranked.sort(key=lambda entry: -entry[0])  # stable: equal weights keep their order
    return [tag for weight, tag in ranked if tag and weight > 0]
