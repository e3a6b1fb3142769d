"""Changes of rules, achievements and calendar as value objects, and the rules that they make. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from server.gamification.xp.engine import Award, Book, Key, Terms, Version
from server.gamification.xp.streaks import Calendar
from storage.states import Criterion, Rarity, XpRule

MOST_DAYS_OFF = 7_320  # twenty years of them, in one change or file


class Since(msgspec.Struct, frozen=True):
    """From when a change is valid, if not from the beginning: nothing that has happened changes by it."""

    at: datetime
    day: str  # the first one that a calendar may change: the day after the local day of `at`


class ValuesChange(msgspec.Struct, frozen=True, tag="values"):
    """New values of rules, in XP."""

    amounts: dict[XpRule, int]


class AchievementChange(msgspec.Struct, frozen=True, kw_only=True, tag="achievement"):
    """New achievement, or new terms of one that there is; a retired one is brought back by it."""

    id: str
    name: str
    description: str
    rarity: Rarity
    criterion: Criterion
    threshold: int
    points: int | None = None  # XP; None: as before, or the value that all achievements have


class DayOff(msgspec.Struct, frozen=True):
    day: str  # YYYY-MM-DD
    name: str = ""


class CalendarChange(msgspec.Struct, frozen=True, kw_only=True, tag="calendar"):
    """Days off that are added and removed, and weekdays off."""

    add: Annotated[tuple[DayOff, ...], Meta(max_length=MOST_DAYS_OFF)] = ()
    remove: Annotated[tuple[str, ...], Meta(max_length=MOST_DAYS_OFF)] = ()
    source: str = ""  # of the days that are added: an imported file
    weekdays: str | None = None  # digits, 0 Monday to 6 Sunday; None: as before


Change = ValuesChange | AchievementChange | CalendarChange


def changed(book: Book, change: Change, since: Since | None = None) -> Book:
    """Rules after a change: from the beginning, or from a moment on."""
    match change:
        case ValuesChange():
            versions = dict(book.versions)
            for rule, amount in change.amounts.items():
                _add_version(versions, Key(rule, ""), amount, since)
            return msgspec.structs.replace(book, versions=versions)
        case AchievementChange():
            return _with_achievement(book, change, since)
        case CalendarChange():
            return msgspec.structs.replace(book, calendar=_calendar(book.calendar, change, since))


def _add_version(
    versions: dict[tuple[XpRule, str], tuple[Version, ...]], key: Key, amount: int, since: Since | None
) -> None:
    known = versions.get(key, ())
    if (version := next_version(known, amount, since)) is not None:
        versions[key] = (*known, version)


def next_version(known: Sequence[Version], amount: int, since: Since | None) -> Version | None:
    """Version that gives a rule this value; None if it has it already."""
    at = since.at if since else None
    if known and known[-1].amount == amount and (since or all(one.amount == amount for one in known)):
        return None
    return Version(known[-1].number + 1 if known else 1, amount, at)


def _with_achievement(book: Book, change: AchievementChange, since: Since | None) -> Book:
    before = next((award for award in book.awards if award.id == change.id), None)
    after = award_after(before, change, since)
    awards = tuple(after if award.id == change.id else award for award in book.awards)
    versions = dict(book.versions)
    if change.points is not None:
        key = Key(XpRule.ACHIEVEMENT_UNLOCKED, change.id)
        _add_version(versions, key, change.points, since if before else None)
    return msgspec.structs.replace(
        book, awards=awards if before else (*book.awards, after), versions=versions
    )


def award_after(before: Award | None, change: AchievementChange, since: Since | None) -> Award:
    """Terms after a change. Those of before stay for whom the new ones came too late."""
    at = since.at if since else None
    new = Award(id=change.id, criterion=change.criterion, threshold=change.threshold, since=at)
    if before is None or since is None:
        return new
    if before.retired:
        return new
    if (before.criterion, before.threshold) == (change.criterion, change.threshold):
        return before
    last = Terms(criterion=before.criterion, threshold=before.threshold, since=before.since)
    return msgspec.structs.replace(new, earlier=(*before.earlier, last))


def days_of(change: CalendarChange, since: Since | None) -> CalendarChange:
    """The part of a change that concerns days from `since` on."""
    if since is None:
        return change
    return msgspec.structs.replace(
        change,
        add=tuple(one for one in change.add if one.day >= since.day),
        remove=tuple(day for day in change.remove if day >= since.day),
    )


def _calendar(before: Calendar, change: CalendarChange, since: Since | None) -> Calendar:
    part = days_of(change, since)
    days = (before.days - set(part.remove)) | {one.day for one in part.add}
    if change.weekdays is None:
        return Calendar(days, before.weeks)
    first = since.day if since else ""
    kept = [week for week in before.weeks if week[0] < first] if since else []
    return Calendar(days, (*kept, (first, change.weekdays)))


def next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def fingerprint(book: Book) -> str:
    """Tells whether rules are those that a change was made from."""
    versions = sorted(
        (str(rule), subject, [(one.number, one.amount, one.valid_from) for one in known])
        for (rule, subject), known in book.versions.items()
    )
    calendar = (sorted(book.calendar.days), book.calendar.weeks)
    whole = msgspec.json.encode((versions, book.awards, calendar))
    return hashlib.sha256(whole).hexdigest()


def stored(change: Change) -> dict[str, Any]:
    """As the row of a change keeps it."""
    found: dict[str, Any] = msgspec.to_builtins(change)
    return found


def read(values: Mapping[str, Any]) -> Change:
    found: Change = msgspec.convert(values, Change)
    return found
