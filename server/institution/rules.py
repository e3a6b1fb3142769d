"""Validation of what the institution chooses. Pure."""

from zoneinfo import ZoneInfo, available_timezones

from server.core.errors import Invalid
from server.core.text.i18n import languages
from server.core.text.normalize import is_invisible, one_line
from storage.messages import N_

NAME_LENGTH = 80


def clean_name(text: str, field: str = "institution") -> str:
    name = one_line(text, limit=NAME_LENGTH)
    if is_invisible(name) or len(name) > NAME_LENGTH or not name.isprintable():
        sentence = N_("Write a name of 1 to 80 characters.")
        raise Invalid(sentence, fields={field: sentence})
    return name


def clean_time_zone(text: str) -> str:
    if text not in available_timezones():
        sentence = N_("Choose a time zone from the list.")
        raise Invalid(sentence, fields={"time_zone": sentence})
    return ZoneInfo(text).key


def time_zones() -> list[str]:
    """Time zones to choose from: by place, and UTC."""
    excluded = ("Etc/", "US/", "posix/", "right/", "SystemV/")
    return [
        "UTC",
        *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(excluded)),
    ]


def clean_day_start(text: str) -> str:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 3 and int(digits) <= 23):
        sentence = N_("Choose the hour in which days begin, from 0 to 23.")
        raise Invalid(sentence, fields={"day_start_hour": sentence})
    return str(int(digits))


def clean_language(text: str) -> str:
    if text not in languages():
        sentence = N_("Choose one of the languages of the interface.")
        raise Invalid(sentence, fields={"language": sentence})
    return text
