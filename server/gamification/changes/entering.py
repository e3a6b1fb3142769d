"""Validation of what administrators enter: values, achievements, days off. Raises Invalid. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial

from server.core.errors import Invalid, all_valid
from server.core.text.normalize import is_invisible, one_line
from server.gamification.changes.rules import DayOff
from storage.messages import N_
from storage.states import Criterion, Rarity, XpRule

PAYING = (
    XpRule.LESSON_COMPLETED,
    XpRule.QUIZ_PASSED,
    XpRule.QUIZ_PERFECT,
    XpRule.COURSE_COMPLETED,
    XpRule.DAILY_STREAK,
    XpRule.ACHIEVEMENT_UNLOCKED,
    XpRule.FIRST_REVIEW,
    XpRule.DISCUSSION_POST,
)
MOST_XP = 100_000
MOST_THRESHOLD = 100_000
NAME_LENGTH = 60
DESCRIPTION_LENGTH = 200
DAY_NAME_LENGTH = 80
MOST_DAYS = 366  # that one entry takes off
FIRST_YEAR, LAST_YEAR = 2000, 2199
A_VALUE = N_("Write a whole number from 0 to 100,000.")


def clean_amount(name: str, text: str) -> int:
    """XP as typed."""
    return _whole(name, text, 0, MOST_XP, A_VALUE)


def clean_amounts(typed: Mapping[str, str]) -> dict[XpRule, int]:
    """XP of each rule that pays. Complains about every wrong one at once."""
    checks = {rule: partial(_checked, rule, typed.get(rule, "")) for rule in PAYING}
    checked = all_valid({str(rule): check for rule, check in checks.items()})
    return {rule: int(checked[rule]) for rule in PAYING}


def _checked(name: str, text: str) -> str:
    return str(clean_amount(name, text))


def clean_points(text: str) -> int | None:
    """None for an empty field: the value that all achievements have."""
    return clean_amount("points", text) if text.strip() else None


def clean_threshold(text: str) -> int:
    return _whole("threshold", text, 1, MOST_THRESHOLD, N_("Write a whole number from 1 to 100,000."))


def _whole(name: str, text: str, least: int, most: int, sentence: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and least <= int(text) <= most):
        raise Invalid(sentence, fields={name: sentence})
    return int(text)


def clean_name(text: str) -> str:
    name = one_line(text, limit=NAME_LENGTH)
    if is_invisible(name) or len(name) > NAME_LENGTH or not name.isprintable():
        sentence = N_("Write a name of 1 to 60 characters.")
        raise Invalid(sentence, fields={"name": sentence})
    return name


def clean_description(text: str) -> str:
    described = one_line(text, limit=DESCRIPTION_LENGTH)
    if len(described) > DESCRIPTION_LENGTH:
        sentence = N_("Write at most 200 characters.")
        raise Invalid(sentence, fields={"description": sentence})
    return "" if is_invisible(described) else described


def clean_criterion(text: str) -> Criterion:
    if text not in tuple(Criterion):
        sentence = N_("Choose what the achievement counts.")
        raise Invalid(sentence, fields={"criterion": sentence})
    return Criterion(text)


def clean_rarity(text: str) -> Rarity:
    if text not in tuple(Rarity):
        sentence = N_("Choose a rarity.")
        raise Invalid(sentence, fields={"rarity": sentence})
    return Rarity(text)


def clean_weekdays(chosen: Mapping[str, str]) -> str:
    """Fields `off-0` (Monday) to `off-6` that are ticked. At least one day of the week is for learning."""
    days = "".join(str(day) for day in range(7) if f"off-{day}" in chosen)
    return checked_weekdays(days)


def checked_weekdays(digits: str) -> str:
    days = "".join(sorted(set(digits)))
    if len(days) == 7 or not set(days) <= set("0123456"):
        sentence = N_("Leave at least one day of the week for learning.")
        raise Invalid(sentence, fields={"weekdays": sentence})
    return days


def clean_days(first: str, last: str, name: str) -> tuple[DayOff, ...]:
    """Days from the first to the last one; an empty last one means a single day."""
    begin = clean_day("first", first)
    end = clean_day("last", last) if last.strip() else begin
    if not 0 <= (end - begin).days < MOST_DAYS:
        sentence = N_("The last day must be on or after the first one, within a year.")
        raise Invalid(sentence, fields={"last": sentence})
    called = clean_day_name(name)
    if len(called) > DAY_NAME_LENGTH:
        sentence = N_("Write at most 80 characters.")
        raise Invalid(sentence, fields={"name": sentence})
    count = (end - begin).days + 1
    return tuple(DayOff((begin + timedelta(days=number)).isoformat(), called) for number in range(count))


def clean_day_name(text: str) -> str:
    """One line; empty when nothing of it can be seen."""
    name = one_line(text, limit=DAY_NAME_LENGTH)
    return "" if is_invisible(name) else name


def clean_day(field: str, text: str) -> date:
    sentence = N_("Write a date, as in 2026-12-24.")
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(sentence, fields={field: sentence}) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Invalid(sentence, fields={field: sentence})
    return day
