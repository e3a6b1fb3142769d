"""A learner's year: terms, courses, and the days and hours of studying. Pure."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random

from server.demo.catalogue.lessons import CoursePlan, courses
from server.demo.ids import random_for
from server.demo.people.members import Member
from server.demo.year.course import Course, Lengths
from server.demo.year.deeds import Deed
from server.demo.year.terms import BREAK_WEEKS, TERMS, Calendar

LATER = 0.4  # share of learners who take another course in the middle of a term
COURSES_OF_A_TERM = ((1, 40), (2, 38), (3, 22))
NEVER_BEGINS, LEAVES = 0.08, 0.3  # of enrolments; of those who stop early
WEEKDAYS = (20, 20, 19, 17, 9, 5, 10)  # share of studying, from Monday
STREAK_DAYS = 16  # of the first learner, up to the last day
NEARLY = timedelta(days=21)  # before the end of a term: whoever stops then has not given up
BREAK_STUDY = 0.12  # share of days in breaks


def journey(member: Member, lengths: Lengths, calendar: Calendar) -> list[Deed]:
    """Everything that a learner does, in the order of time, up to the end of the calendar."""
    draw = random_for("journey", member.number)
    deeds: list[Deed] = []
    known = set[int]()  # numbers of courses
    for term in range(member.term, TERMS):
        goes_on = draw.random() < 0.35 + 0.55 * member.diligence or member.number == 0
        if term > member.term and not goes_on:
            continue
        plans = _choice(_wanted(member, draw), term, known, draw)
        known |= {plan.number for plan in plans}
        deeds += _term(member, term, plans, lengths, calendar, draw)
    return sorted((deed for deed in deeds if deed.at < calendar.end), key=lambda deed: deed.at)


def _term(
    member: Member, term: int, plans: Sequence[CoursePlan], lengths: Lengths, calendar: Calendar, draw: Random
) -> Iterator[Deed]:
    """A term, and the break after it, in which those who have not given up go on now and then."""
    taken = [_enrolment(member, plan, term, lengths, calendar, draw) for plan in plans]
    if len(taken) > 1 and draw.random() < LATER:
        taken[-1].postpone(draw.random() * (taken[-1].until - taken[-1].begun))
    last = calendar.last_day(term)
    nearly = calendar.moment(last, 0) - NEARLY
    for course in taken:
        yield course.enrolled()
        if course.until < nearly and draw.random() < LEAVES:
            yield course.left(max(course.until, course.begun) + timedelta(hours=2))
    day, number = calendar.first_day(term), term * 10_000
    while day <= min(calendar.today, last + timedelta(weeks=BREAK_WEEKS)):
        in_term = day <= last
        for at in _sittings(member, day, 1.0 if in_term else BREAK_STUDY, calendar, draw):
            there = [one for one in taken if one.begun < at]
            active = [one for one in there if at < one.until or (not in_term and one.until >= nearly)]
            if active:
                number += 1
                yield from active[number % len(active)].study(at, draw, number)
        day += timedelta(days=1)


def _wanted(member: Member, draw: Random) -> int:
    if member.number == 0:
        return 2
    counts, shares = zip(*COURSES_OF_A_TERM, strict=True)
    return int(draw.choices(counts, shares)[0])


def _choice(count: int, term: int, known: Collection[int], draw: Random) -> list[CoursePlan]:
    """Courses of a term: some are much larger than others, and each is given in two of three terms."""
    given = [
        plan
        for plan in courses()
        if plan.number not in known and (plan.number == 0 or (plan.number + term) % TERMS)
    ]
    chosen: dict[int, CoursePlan] = {}
    while len(chosen) < count:
        plan = draw.choices(given, [1 / (4 + popularity(one)) for one in given])[0]
        chosen[plan.number] = plan
    return [*chosen.values()]


def popularity(plan: CoursePlan) -> int:
    """Place of a course among all, 0 for the most popular one."""
    return plan.number * 17 % len(courses())


def _enrolment(
    member: Member, plan: CoursePlan, term: int, lengths: Lengths, calendar: Calendar, draw: Random
) -> Course:
    first, last = calendar.first_moment(term), calendar.moment(calendar.last_day(term), 24)
    begun = max(member.joined, first + timedelta(days=draw.triangular(-6, 18, 1))) + timedelta(minutes=20)
    begun = max(begun, calendar.begin + timedelta(hours=8))
    stays = draw.betavariate(1.1 + 3.2 * member.diligence, 1.3)
    if draw.random() < NEVER_BEGINS * (1 - member.diligence) * 2:
        stays = 0.0
    until = begun + (last - begun) * (1.0 if member.number == 0 else stays)
    return Course(member, plan, lengths, begun, until)


def _sittings(member: Member, day: date, busy: float, calendar: Calendar, draw: Random) -> list[datetime]:
    """Moments of a day at which the learner sits down to study. `busy`: 1 in a term."""
    share = WEEKDAYS[day.weekday()] / 100 * busy
    wanted = draw.random() < share * (1.0 + 5.2 * (member.diligence if member.number else 0.9))
    if member.number == 0 and (calendar.today - day).days < STREAK_DAYS:
        wanted = True
    if not wanted:
        return []
    hours = [_hour(draw)]
    if draw.random() < 0.25 * member.diligence:
        hours.append(hours[0] + draw.uniform(0.5, 1.5))
    if member.number == 0 and day == calendar.today:
        hours = [0.2]  # today is over only until now
    return [calendar.moment(day, hour) for hour in hours]


def _hour(draw: Random) -> float:
    """Mostly in the evening, often in the day, sometimes late."""
    part = draw.random()
    if part < 0.58:
        return min(23.4, max(17.0, draw.gauss(19.6, 1.4)))
    return draw.uniform(8.5, 17.0) if part < 0.92 else draw.uniform(22.0, 23.7)
