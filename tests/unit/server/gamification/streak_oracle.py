"""Simulated learners of two years, and a brute-force count of their days, without the product's code.

A learner acts at moments of UTC: near local midnight, near the hour at which days begin, in the nights in
which clocks change, while the server's clock is wrong. The institution has days off and weekdays off, and
moves to another zone in some simulations; the learner plans breaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

FIRST = date(2025, 1, 1)
DAYS = 730
ZONES = (
    "UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Athens",
    "Europe/Moscow", "Europe/Istanbul", "Europe/Chisinau", "Africa/Cairo", "Africa/Casablanca",
    "Africa/Lagos", "Africa/Johannesburg", "Asia/Beirut", "Asia/Jerusalem", "Asia/Gaza", "Asia/Tehran",
    "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Asia/Shanghai", "Asia/Colombo", "Australia/Sydney",
    "Australia/Lord_Howe", "Australia/Adelaide", "Australia/Eucla", "Pacific/Auckland", "Pacific/Chatham",
    "Pacific/Kiritimati", "Pacific/Apia", "Pacific/Honolulu", "Pacific/Pago_Pago", "Pacific/Easter",
    "Atlantic/Azores", "America/New_York", "America/St_Johns", "America/Los_Angeles", "America/Havana",
    "America/Santiago", "America/Sao_Paulo",
)  # fmt: skip
MINUTE = 60


@dataclass
class Simulated:
    """What happened, and the rules that it happened under."""

    zones: list[tuple[datetime, str, int]]  # from which moment on, zone, hour at which days begin
    weeks: list[tuple[str, str]]  # from which day on, weekdays off
    holidays: set[str]
    breaks: list[tuple[str, str]]
    acts: list[datetime] = field(default_factory=list)  # as the server's clock showed them


def simulate(random: Random, zone: str) -> Simulated:
    hour = random.randrange(7)
    zones = [(datetime.min.replace(tzinfo=UTC), zone, hour)]
    if random.random() < 0.1:
        moved = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=random.randrange(DAYS))
        zones.append((moved, random.choice(ZONES), random.randrange(7)))
    weeks = [("", random.choice(("56", "6", "45", "", "0")))]
    if random.random() < 0.3:
        weeks.append((_label(random.randrange(DAYS)), random.choice(("56", "5", "", "2"))))
    made = Simulated(zones, weeks, _holidays(random), _breaks(random))
    made.acts = _acts(random, ZoneInfo(zone), hour)
    return made


def _label(day: int) -> str:
    return (FIRST + timedelta(days=day)).isoformat()


def _holidays(random: Random) -> set[str]:
    single = {_label(random.randrange(DAYS)) for _ in range(random.randrange(25))}
    begin = random.randrange(DAYS)
    return single | {_label(day) for day in range(begin, begin + random.randrange(20))}


def _breaks(random: Random) -> list[tuple[str, str]]:
    begins = [random.randrange(DAYS) for _ in range(random.randrange(4))]
    return [(_label(begin), _label(begin + random.randrange(21))) for begin in begins]


def _acts(random: Random, zone: ZoneInfo, hour: int) -> list[datetime]:
    """One to three moments of each day on which the learner learns, and many around changes of the clocks."""
    likely = random.choice((0.3, 0.7, 0.9, 0.97))
    found = []
    for day in range(DAYS):
        local = datetime(2025, 1, 1, tzinfo=zone) + timedelta(days=day)  # midnight on the wall
        if random.random() < likely:
            found += [_moment(random, local, hour) for _ in range(random.choice((1, 1, 1, 2, 3)))]
        tomorrow = local + timedelta(days=1)
        if local.utcoffset() != tomorrow.utcoffset() and random.random() < 0.8:
            start = local.astimezone(UTC) - timedelta(hours=2)
            found += [start + timedelta(minutes=random.randrange(30 * 60)) for _ in range(3)]
            begins = local.astimezone(UTC) + timedelta(hours=hour)  # or an hour before or after that
            found += [begins + timedelta(minutes=random.randrange(-90, 90)) for _ in range(2)]
    return _with_wrong_clock(random, found)


def _moment(random: Random, midnight: datetime, hour: int) -> datetime:
    near = random.randrange(4)
    if near == 0:  # within seconds of midnight, on either side
        return midnight.astimezone(UTC) + timedelta(seconds=random.randrange(-90, 90))
    if near == 1:  # of the hour at which days begin
        return midnight.astimezone(UTC) + timedelta(hours=hour, seconds=random.randrange(-90, 90))
    return midnight.astimezone(UTC) + timedelta(seconds=random.randrange(24 * 60 * MINUTE))


def _with_wrong_clock(random: Random, acts: list[datetime]) -> list[datetime]:
    """Sometimes the server's clock is wrong for a while, by seconds or by days."""
    if not acts or random.random() < 0.7:
        return acts
    begin = random.randrange(len(acts))
    end = begin + random.randrange(20)
    by = timedelta(seconds=random.choice((-40, 3600, -7200, 86_400, -2 * 86_400, 5 * 86_400)))
    return [act + by if begin <= place < end else act for place, act in enumerate(acts)]


@dataclass
class Counted:
    """A streak as it is counted by hand."""

    current: int = 0
    longest: int = 0
    freezes: int = 0
    states: dict[str, str] = field(default_factory=dict)
    earned: list[str] = field(default_factory=list)


def label_of(made: Simulated, at: datetime) -> str:
    """Day that a moment counts for: what the clock on the wall says, and the day before until days begin."""
    _, zone, hour = [rule for rule in made.zones if rule[0] <= at][-1]
    wall = at.astimezone(ZoneInfo(zone))
    day = date(wall.year, wall.month, wall.day)
    return (day if wall.hour >= hour else day - timedelta(days=1)).isoformat()


def is_off(made: Simulated, label: str) -> bool:
    weekdays = [digits for first, digits in made.weeks if first <= label]
    of_the_week = str(date.fromisoformat(label).weekday()) in (weekdays[-1] if weekdays else "")
    planned = any(first <= label <= last for first, last in made.breaks)
    return of_the_week or label in made.holidays or planned


def count(made: Simulated, labels: Sequence[str], today: str) -> Counted:
    """Every day from the first one of learning on, one after the other."""
    known = sorted(label for label in set(labels) if label <= today)
    found = Counted()
    if not known:
        return found
    day = date.fromisoformat(known[0])
    learned = set(known)
    while (label := day.isoformat()) <= today:
        if is_off(made, label):
            found.states[label] = "extra" if label in learned else "off"
        elif label in learned:
            found.states[label] = "learned"
            found.current += 1
            found.longest = max(found.longest, found.current)
            if found.current % 7 == 0 and found.freezes < 2:
                found.freezes += 1
                found.earned.append(label)
        elif label == today:
            found.states[label] = "open"
        elif found.freezes:
            found.states[label] = "frozen"
            found.freezes -= 1
        else:
            found.states[label] = "missed"
            found.current = 0
        day += timedelta(days=1)
    return found
