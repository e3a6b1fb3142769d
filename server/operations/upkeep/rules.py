"""Validation of what operators enter: maintenance, and how long originals are kept. Pure."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.core.errors import Invalid
from server.core.text.normalize import is_invisible, one_line
from storage.messages import N_

MESSAGE_LENGTH = 500
MOST_DAYS = 36_500
FORMATS = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")  # of a browser's field, and as people type it


def clean_message(text: str) -> str:
    """Empty when nothing visible was typed."""
    message = one_line(text, limit=MESSAGE_LENGTH)
    if len(message) > MESSAGE_LENGTH:
        sentence = N_("Write at most 500 characters.")
        raise Invalid(sentence, fields={"message": sentence})
    return "" if is_invisible(message) else message


def clean_until(text: str, zone: str, now: datetime) -> datetime | None:
    """Expected end, typed in the institution's zone as a day and a time, or as the next such time."""
    text = text.strip()
    if not text:
        return None
    local = now.astimezone(ZoneInfo(zone))
    until = _time_of_day(text, local) or _day_and_time(text, zone)
    if until is None:
        sentence = N_("Write a time, as in 18:30, or a day and a time, as in 2026-12-01 18:30.")
        raise Invalid(sentence, fields={"until": sentence})
    if until <= now:
        sentence = N_("This time has passed.")
        raise Invalid(sentence, fields={"until": sentence})
    return until


def _time_of_day(text: str, local: datetime) -> datetime | None:
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text, re.ASCII)
    if not found:
        return None
    until = local.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    return until if until > local else until + timedelta(days=1)


def _day_and_time(text: str, zone: str) -> datetime | None:
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=ZoneInfo(zone))
        except ValueError:
            continue
    return None


def clean_days(text: str) -> int | None:
    """Days that originals are kept; None for empty and 0: for ever."""
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) <= MOST_DAYS):
        sentence = N_("Write a number of days, or 0 to keep every original.")
        raise Invalid(sentence, fields={"days": sentence})
    return int(text) or None
