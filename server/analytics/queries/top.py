"""Courses and instructors with the most of something in a range, the current day included."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions import SUMS, money
from server.analytics.definitions.money import Money
from server.analytics.definitions.scope import EVERYTHING, Scope
from server.analytics.definitions.settled import past_of
from server.analytics.queries import sums as added
from server.analytics.queries.figures import Rate, Rating, rate_of, rating_of
from server.analytics.remembered import remembered
from server.analytics.rules import EVER, Range, total
from storage.database.tables import Course, CourseInstructor, Review, User
from storage.states import ReviewState

METRICS = (
    *("enrolments_new", "enrolments_started", "enrolments_completed", "lessons_completed", "watch_seconds"),
)
ENDED = ("enrolments_completed", "enrolments_started")
NOTHING: Mapping[str, int] = Counter()  # sums of a course or an instructor without rows


class CourseMetric(StrEnum):
    ENROLLMENTS = "enrollments"
    REVENUE = "revenue"
    RATING = "rating"


class TopCourse(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a course in a range; the rating is the current one."""

    course_id: str
    title: str
    enrollments: int  # new ones
    started: int
    completions: int
    completion: Rate  # completed of the started enrolments, both up to the end of the range
    watch_seconds: int | None  # null: not known any more
    rating: Rating
    revenue: list[Money]  # by currency


class TopInstructor(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of the courses that somebody taught on each of the days."""

    user_id: str
    name: str
    courses: int  # that they teach now
    enrollments: int
    completions: int
    lessons_completed: int
    watch_seconds: int | None  # null: not known any more


async def courses(
    session: AsyncSession,
    days: Range,
    metric: CourseMetric = CourseMetric.ENROLLMENTS,
    limit: int = 5,
    scope: Scope = EVERYTHING,
) -> list[TopCourse]:
    """Step. In a tie by title."""
    sums = await added.by_course(session, days, METRICS, scope)
    ratings = await _ratings(session, scope)
    paid = await money.revenue_of_courses(session, days, scope)
    listed = select(Course.id, Course.title, Course.search_key).where(*scope.courses(Course.id))
    titles = {row.id: row for row in await session.execute(listed)}
    leading = _amounts(paid, leading_currency(paid))

    def worth(course_id: str) -> tuple[float, ...]:
        if metric == CourseMetric.RATING:
            return _rank(ratings.get(course_id, (0, 0)))
        revenue = metric == CourseMetric.REVENUE
        return (leading.get(course_id, 0) if revenue else sums.get(course_id, NOTHING)["enrolments_new"],)

    found = sorted(titles, key=lambda one: (*(-value for value in worth(one)), titles[one].search_key, one))
    done = await _completion(session, scope, sorted(found[:limit]), days.last)
    watched = await _is_known(session, scope, days)
    return [
        TopCourse(
            course_id=one,
            title=titles[one].title,
            enrollments=sums.get(one, NOTHING)["enrolments_new"],
            started=sums.get(one, NOTHING)["enrolments_started"],
            completions=sums.get(one, NOTHING)["enrolments_completed"],
            completion=rate_of(*done[one]),
            watch_seconds=sums.get(one, NOTHING)["watch_seconds"] if watched else None,
            rating=rating_of(*ratings.get(one, (0, 0))),
            revenue=list(paid.get(one, [])),
        )
        for one in found[:limit]
    ]


async def _is_known(session: AsyncSession, scope: Scope, days: Range) -> bool:
    """Whether the time that a team has watched is."""
    if not scope.team_id:
        return True
    found = await added.daily(session, scope, days, ["watch_seconds"])
    return total(found["watch_seconds"].values()) is not None


async def _completion(
    session: AsyncSession, scope: Scope, course_ids: Sequence[str], last: str
) -> Mapping[str, Sequence[int]]:
    """Completed and started enrolments of each course, up to a day."""
    ever = Range(EVER, last)
    found = await past_of(session, scope, ever)
    if found is None:
        return await _ended(session, scope, course_ids, ever)
    past, version = found
    question = ("completion of courses", scope, past, tuple(course_ids))
    before = await remembered(session, question, version, lambda: _ended(session, scope, course_ids, past))
    if past == ever:
        return before
    now = await added.by_course(session, Range(last, last), ENDED, scope)
    return {
        one: [count + now.get(one, NOTHING)[name] for count, name in zip(before[one], ENDED, strict=True)]
        for one in course_ids
    }


async def _ended(
    session: AsyncSession, scope: Scope, course_ids: Sequence[str], days: Range
) -> Mapping[str, Sequence[int]]:
    counts = {one: [0, 0] for one in course_ids}
    for number, metric in enumerate(ENDED):
        rows = SUMS[metric](scope, days).subquery()
        own = select(rows.c.course_id, func.count()).where(rows.c.course_id.in_(course_ids))
        for course_id, count in await session.execute(own.group_by(rows.c.course_id)):
            counts[course_id][number] = count
    return counts


async def _ratings(session: AsyncSession, scope: Scope) -> dict[str, tuple[int, int]]:
    """Reviews that are shown and the sum of their stars, by course."""
    found = await session.execute(
        select(Review.course_id, func.count(Review.stars), func.sum(Review.stars))
        .where(
            Review.state == ReviewState.SHOWN,
            Review.stars.is_not(None),
            *scope.courses(Review.course_id),
            *scope.people(Review.user_id),
        )
        .group_by(Review.course_id)
    )
    return {course_id: (count, int(stars or 0)) for course_id, count, stars in found}


def _rank(rating: tuple[int, int]) -> tuple[float, int]:
    count, stars = rating
    return (stars / count, count) if count else (0.0, 0)


def leading_currency(paid: Mapping[str, Sequence[Money]]) -> str:
    """The currency in which most courses have revenue: amounts in others cannot be compared with it."""
    counts = Counter(one.currency for amounts in paid.values() for one in amounts)
    return min(counts, key=lambda currency: (-counts[currency], currency), default="")


def _amounts(paid: Mapping[str, Sequence[Money]], currency: str) -> dict[str, int]:
    return {
        course_id: one.amount
        for course_id, amounts in paid.items()
        for one in amounts
        if one.currency == currency
    }


async def instructors(
    session: AsyncSession, days: Range, limit: int = 5, scope: Scope = EVERYTHING
) -> list[TopInstructor]:
    """Step. By new enrolments, then by time watched, in a tie by name. With a filter, those who teach the
    courses of the scope now, and the sums of these courses."""
    sums = await added.by_instructor(session, days, METRICS, scope)
    teaching: Counter[str] = Counter()
    teachers = select(CourseInstructor.user_id).where(*scope.courses(CourseInstructor.course_id))
    for user_id in await session.scalars(teachers):
        teaching[user_id] += 1
    wanted = sorted({*sums, *teaching})
    watched = await _is_known(session, scope, days)
    rows = await session.execute(
        select(User.id, User.name, User.search_key).where(User.id.in_(wanted)).order_by(User.search_key)
    )
    found = sorted(
        rows,
        key=lambda row: tuple(-sums.get(row.id, NOTHING)[one] for one in ("enrolments_new", "watch_seconds")),
    )
    return [
        TopInstructor(
            user_id=row.id,
            name=row.name,
            courses=teaching[row.id],
            enrollments=sums.get(row.id, NOTHING)["enrolments_new"],
            completions=sums.get(row.id, NOTHING)["enrolments_completed"],
            lessons_completed=sums.get(row.id, NOTHING)["lessons_completed"],
            watch_seconds=sums.get(row.id, NOTHING)["watch_seconds"] if watched else None,
        )
        for row in found[:limit]
    ]
