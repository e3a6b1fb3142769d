"""Validation of the institution's name and time zone. Pure."""

from zoneinfo import ZoneInfo, available_timezones

from server.core.errors import Invalid
from server.core.text.normalize import is_invisible, one_line
from storage.messages import N_

NAME_LENGTH = 80


def clean_name(text: str) -> str:
    name = one_line(text, limit=NAME_LENGTH)
    if is_invisible(name) or len(name) > NAME_LENGTH or not name.isprintable():
        sentence = N_("Write a name of 1 to 80 characters.")
        raise Invalid(sentence, fields={"institution": sentence})
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
