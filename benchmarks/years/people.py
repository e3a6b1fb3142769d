"""Generator of two years: who enrols when, watches what, and pays. The same seed and end give the same rows.

Moments are seconds since 1970; people, courses and lessons are numbers. `writing` makes rows of them.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from storage.states import FactKind

SEED = 18
DAYS = 730
DAY = 86_400  # seconds
LESSONS = 5  # videos of a course; a quiz follows them
LESSON_SECONDS = 1800
QUIZ = LESSONS  # number of the quiz
HALF = (LESSONS + 1) // 2
SESSIONS = 28  # of the player, of a person who watches anything
SPANS = 4  # played in a session, with jumps between them
TRIES = 1.3  # attempts at a quiz, on average
STAY = 120 * DAY  # seconds in which a course is learned
COURSES_OF_A_PERSON = (0.75, 0.20, 0.05)  # shares of those with one, two, three
REACHED = (0.10, 0.25, 0.20, 0.15, 0.12, 0.18)  # shares of enrolments by lessons that are begun
REVIEWS = 0.1  # of those who are half through


class Session(NamedTuple):
    """Session of the player; `draw`: random bits, of its id and its spans."""

    at: int
    person: int
    course: int
    lesson: int
    seconds: int
    draw: int


class Done(NamedTuple):
    """Fact. `number` tells several of a kind apart."""

    at: int
    person: int
    course: int
    lesson: int | None
    kind: FactKind
    number: int = 0


class Person(NamedTuple):
    number: int
    joined: int


class Paid(NamedTuple):
    """Payment; `months` of a recurring one, `ended` when it was ended."""

    at: int
    person: int
    course: int
    amount: int  # minor units
    currency: str
    months: int = 0
    ended: int | None = None
    refunded: int | None = None


def begin_of(end: datetime) -> int:
    first: date = end.date() - timedelta(days=DAYS - 1)
    return int(datetime.combine(first, datetime.min.time(), end.tzinfo).timestamp())


def two_years(people: int, courses: int, end: datetime) -> Iterator[Person | Session | Done | Paid]:
    """Everything of one person after the other, so that no more than that is held."""
    random, last = Random(SEED), int(end.timestamp())
    begin = begin_of(end)
    for number in range(people):
        joined = begin + int((last - begin) * random.random())
        yield Person(number, joined)
        wanted = 1 + random.choices(range(len(COURSES_OF_A_PERSON)), COURSES_OF_A_PERSON)[0]
        chosen = {int(courses * random.random() ** 2) for _ in range(wanted)}  # some courses are large
        reached = {one: random.choices(range(LESSONS + 1), REACHED)[0] for one in sorted(chosen)}
        watched = sum(1 for value in reached.values() if value)
        for course, lessons in reached.items():
            enrolled = joined + int((last - joined) * random.random() ** 3)
            yield Done(enrolled, number, course, None, FactKind.ENROLLED)
            if lessons:
                yield from _course(random, number, course, lessons, enrolled, last, SESSIONS // watched)
            yield from _payments(random, number, course, enrolled, last)


def _course(
    random: Random, person: int, course: int, lessons: int, enrolled: int, last: int, sessions: int
) -> Iterator[Session | Done]:
    """Sessions over the lessons in order, now and then an earlier one again, and the facts of them."""
    until = min(last, enrolled + STAY)
    moments = sorted(_waking(random.randint(enrolled, until), enrolled, until) for _ in range(sessions))
    first: dict[int, int] = {}
    latest: dict[int, int] = {}
    for place, at in enumerate(moments):
        lesson = place * lessons // sessions
        if random.random() < 0.1:
            lesson = random.randrange(lesson + 1)
        first.setdefault(lesson, at)
        latest[lesson] = at
        yield Session(at, person, course, lesson, random.randint(30, LESSON_SECONDS), random.getrandbits(62))
    yield Done(moments[0], person, course, None, FactKind.COURSE_STARTED)
    for lesson, at in first.items():
        yield Done(at, person, course, lesson, FactKind.LESSON_STARTED)
    ended = sorted(at for lesson, at in latest.items() if lesson < lessons - 1 or random.random() < 0.6)
    yield from _completed(random, person, course, ended, list(latest))


def _completed(
    random: Random, person: int, course: int, ended: list[int], lessons: list[int]
) -> Iterator[Done]:
    for lesson, at in zip(lessons, ended, strict=False):
        yield Done(at, person, course, lesson, FactKind.LESSON_COMPLETED)
    if len(ended) < HALF:
        return
    yield Done(ended[HALF - 1], person, course, None, FactKind.COURSE_HALFWAY)
    tries = 1 + (random.random() < TRIES - 1)
    for number in range(tries):
        yield Done(ended[-1], person, course, QUIZ, FactKind.QUIZ_SUBMITTED, number)
    if random.random() < 0.7:
        yield Done(ended[-1], person, course, QUIZ, FactKind.QUIZ_PASSED)
    if random.random() < REVIEWS:
        yield Done(ended[-1], person, course, None, FactKind.REVIEW_POSTED, random.randint(1, 5))
    if len(ended) == LESSONS:
        yield Done(ended[-1], person, course, None, FactKind.COURSE_COMPLETED)
        yield Done(ended[-1], person, course, None, FactKind.CERTIFICATE_ISSUED)


def _waking(at: int, first: int, last: int) -> int:
    """The moment, moved out of the night."""
    return max(first, min(last, at - at % DAY + 7 * 3600 + at % DAY * 16 // 24))


def _payments(random: Random, person: int, course: int, at: int, last: int) -> Iterator[Paid]:
    """A fifth of the enrolments are paid once; one person of twenty pays by the month or year."""
    draw = random.random()
    currency = "EUR" if random.random() < 0.8 else "CHF"
    if draw < 0.2:
        refund = at + 7 * DAY if draw < 0.005 and at + 7 * DAY < last else None
        yield Paid(at, person, course, 100 * random.randint(10, 200), currency, refunded=refund)
    elif draw < 0.24:
        months = 12 if draw < 0.21 else 1
        end = at + int(300 * DAY * random.expovariate(1))
        yield Paid(
            at, person, course, 900 * months, currency, months=months, ended=end if end < last else None
        )
