"""Members of the demo's university: who they are, when they came, and how diligent they are. Pure."""

import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from server.demo.catalogue.lessons import courses
from server.demo.ids import ident, random_for
from server.demo.people.names import TEXT
from server.demo.year.terms import Calendar
from storage.states import Role

LEAST, PEOPLE, MOST = 40, 2000, 3000  # two people never have the same name
DOMAIN = "northfield.example"  # reserved: no mail ever arrives
LEARNERS_OF_INSTRUCTOR = 60
FEWEST_INSTRUCTORS = 4
JOINED = (0.30, 0.35, 0.35)  # shares of learners by the term that they begin in
AT_ANY_TIME = 0.22  # share of those who do not come with the beginning of a term
CLASSES = ("Physics", "Mathematics", "Computer science", "Life sciences", "Humanities", "Law", "Economics")
CLASS_PEOPLE = 30
LETTERS = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "ı": "i", "ş": "s", "-": ""})


class Member(msgspec.Struct, frozen=True):
    """`term`: number of the first term that a learner studies in."""

    id: str
    number: int
    name: str
    email: str
    role: Role
    joined: datetime
    term: int = 0
    diligence: float = 0.5  # 0 to 1


def members(people: int, calendar: Calendar) -> list[Member]:
    """Instructors first, then learners, each of them the same whatever the number of people."""
    instructors = max(FEWEST_INSTRUCTORS, people // LEARNERS_OF_INSTRUCTOR)
    names = _names()
    staff = [_instructor(number, next(names), calendar) for number in range(instructors)]
    return [*staff, *(_learner(number, next(names), calendar) for number in range(people - instructors))]


def _names() -> Iterator[str]:
    """Names in which none occurs twice."""
    draw, known = random_for("names"), set[str]()
    regions = [[line.split() for line in block.splitlines()] for block in TEXT.strip().split("\n\n")]
    weights = [2, 2, *[1] * (len(regions) - 2)]
    while True:
        given, family = draw.choices(regions, weights)[0]
        name = f"{draw.choice(given)} {draw.choice(family)}"
        if name not in known:
            known.add(name)
            yield name


def address(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.translate(LETTERS))
    return ".".join(plain.encode("ascii", "ignore").decode().lower().split()) + f"@{DOMAIN}"


def _instructor(number: int, name: str, calendar: Calendar) -> Member:
    return Member(
        id=ident("instructor", number),
        number=number,
        name=name,
        email=f"instructor@{DOMAIN}" if number == 0 else f"{number:02d}.{address(name)}",
        role=Role.INSTRUCTOR,
        joined=calendar.begin + timedelta(hours=9 + number % 6),
        diligence=0.0,
    )


def _learner(number: int, name: str, calendar: Calendar) -> Member:
    """The first one, whose log-in is printed, studies nearly every day, and slowly."""
    draw = random_for("learner", number)
    term = draw.choices(range(len(JOINED)), JOINED)[0] if number else 0
    day = draw.triangular(-10, 16, -2) if number else 1.0
    moment = calendar.first_moment(term) + timedelta(days=day, hours=8 + draw.triangular(0, 13, 4))
    if number and draw.random() < AT_ANY_TIME:
        moment = calendar.begin + (calendar.end - calendar.begin) * draw.random()
        term = calendar.term_of(moment)
    return Member(
        id=ident("learner", number),
        number=number,
        name=name,
        email=f"learner@{DOMAIN}" if number == 0 else f"{address(name).partition('@')[0]}.{number}@{DOMAIN}",
        role=Role.LEARNER,
        joined=min(max(moment, calendar.begin + timedelta(hours=7)), calendar.end - timedelta(hours=2)),
        term=term,
        diligence=draw.betavariate(2.0, 2.2) if number else 0.3,
    )


class TeamPlan(msgspec.Struct, frozen=True):
    id: str
    name: str
    user_ids: tuple[str, ...]


def teams(everybody: list[Member]) -> list[TeamPlan]:
    """Classes of about thirty learners who began together."""
    learners = [one for one in everybody if one.role == Role.LEARNER]
    count = max(2, min(2 * len(CLASSES), len(learners) // (2 * CLASS_PEOPLE)))
    names = [
        f"{CLASSES[number % len(CLASSES)]}, class {'ABC'[number // len(CLASSES)]}" for number in range(count)
    ]
    return [
        TeamPlan(
            ident("team", number),
            name,
            tuple(one.id for one in learners[number::count][:CLASS_PEOPLE]),
        )
        for number, name in enumerate(names)
    ]


def teaching(everybody: list[Member]) -> dict[int, list[str]]:
    """Ids of the instructors of each course; every fourth has two."""
    staff = [one.id for one in everybody if one.role == Role.INSTRUCTOR]
    found: dict[int, list[str]] = {}
    for course in courses():
        first = course.number % len(staff)
        second = [staff[(first + 1) % len(staff)]] if course.number % 4 == 0 else []
        found[course.number] = [staff[first], *second]
    return found
