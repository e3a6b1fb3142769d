"""Series, figures, funnel, retention and top lists, counted again in plain Python; days stored and live."""

from datetime import datetime

import pytest
from sqlalchemy import delete

from server.analytics.definitions import SUMS
from server.analytics.definitions.scope import EVERYTHING, Scope
from server.analytics.queries import funnels, journeys, series, sums, top
from server.analytics.queries.figures import totals
from server.analytics.queries.top import CourseMetric
from server.analytics.rollups.aggregating import aggregate
from server.analytics.rules import Range, later, monday, trailing
from storage.database.engine import Database
from storage.database.tables import CourseInstructor, EncodingEvent, LearningEvent
from storage.states import FactKind
from tests.integration.analytics.year import DAYS, Year, make_year

NOW = datetime.fromisoformat("2032-12-30T09:02:00+00:00")
TODAY = "2032-12-30"
AUTUMN = Range("2032-10-20", "2032-11-18")


@pytest.fixture
async def year(database: Database) -> Year:
    return await make_year(database, "Europe/Berlin", 4, size=250, people=6)


def sums_of(year: Year, metric: str, days: Range, course_id: str | None = None) -> dict[str, int]:
    found = dict.fromkeys(days.days, 0)
    for (day, course), value in year.figures()[metric].items():
        if day in found and course_id in (None, course):
            found[day] += value
    return found


async def test_series_are_the_same_from_stored_and_from_live_days(database: Database, year: Year) -> None:
    course_id = year.lessons[0].course_id
    scopes = [EVERYTHING, Scope(course_id=course_id)]
    for stored in ([], AUTUMN.days[3:9], AUTUMN.days):
        await aggregate(database, stored, TODAY, NOW)
        async with database.read() as session:
            for scope in scopes:
                found = await sums.daily(session, scope, AUTUMN)
                for metric in set(SUMS) - ({"people_new"} if scope.course_id else set()):
                    assert found[metric] == sums_of(year, metric, AUTUMN, scope.course_id), metric
                active = await series.active_days(session, scope, AUTUMN)
                for day in AUTUMN.days:
                    for name, length in (("active_people", 1), ("active_week", 7), ("active_month", 30)):
                        wanted = year.active(later(day, 1 - length), day, scope.course_id)
                        assert active[name][day] == len(wanted), (name, day)


async def test_stored_days_are_read_and_not_counted(database: Database, year: Year) -> None:
    """Figures outlive their facts."""
    await aggregate(database, AUTUMN.days, TODAY, NOW)
    async with database.write() as session:
        await session.execute(delete(LearningEvent))
        await session.execute(delete(EncodingEvent))
    async with database.read() as session:
        found = await sums.daily(session, EVERYTHING, AUTUMN)
    assert found["lessons_completed"] == sums_of(year, "lessons_completed", AUTUMN)


async def test_totals_are_compared_with_the_range_before(database: Database, year: Year) -> None:
    await aggregate(database, AUTUMN.days[:12], TODAY, NOW)
    async with database.read() as session:
        found = await totals(session, EVERYTHING, AUTUMN)
    for metric in SUMS:
        figure = found.sums[metric]
        assert figure.value == sum(sums_of(year, metric, AUTUMN).values())
        assert figure.before == sum(sums_of(year, metric, AUTUMN.before).values())
    assert found.active_people.value == len(year.active(AUTUMN.first, AUTUMN.last))
    done = [one for one in year.done if year.label(one.at) <= AUTUMN.last]
    started = sum(one.kind == FactKind.COURSE_STARTED for one in done)
    completed = sum(one.kind == FactKind.COURSE_COMPLETED for one in done)
    assert (found.completion.count, found.completion.of) == (completed, started)
    assert found.completion.percent == round(100 * completed / started, 1)
    assert found.people == len(year.people)


async def test_nothing_is_no_rate(database: Database) -> None:
    await make_year(database, "UTC", size=0, people=0)
    async with database.read() as session:
        found = await totals(session, EVERYTHING, AUTUMN)
    assert (found.completion.percent, found.completion.of) == (None, 0)
    assert (found.encoding.percent, found.rating.mean) == (None, None)
    assert found.sums["enrolments_new"].change_percent is None


async def test_retention_counts_people_by_week(database: Database, year: Year) -> None:
    days = trailing(TODAY, 90)
    async with database.read() as session:
        cohorts = await journeys.retention(session, EVERYTHING, days)
        of_course = await journeys.retention(session, Scope(course_id=year.lessons[0].course_id), DAYS)
    first: dict[str, str] = {}
    for one in sorted(year.done, key=lambda one: one.at):
        if one.kind == FactKind.ENROLLED:
            first.setdefault(one.user_id, year.label(one.at))
    for cohort in cohorts:
        own = {user_id for user_id, day in first.items() if monday(day) == cohort.first_day}
        assert cohort.people == len(own)
        wanted = [
            len(own & year.active(week, later(week, 6)))
            for week in (later(cohort.first_day, 7 * number) for number in range(len(cohort.active)))
        ]
        assert cohort.active == wanted
    assert sum(cohort.people for cohort in of_course) > 0
    assert {cohort.week for cohort in of_course} >= {"2032-W01", "2032-W53"}


async def test_funnel_follows_the_enrolled_pairs(database: Database) -> None:
    year = await make_year(database, "UTC", size=0, people=3)
    one, two, three = year.people
    course = year.lessons[0].course_id
    at = datetime.fromisoformat("2032-03-01T12:00:00+00:00")
    async with database.write() as session:
        for user_id, kinds in (
            (one, funnels.STEPS),
            (two, funnels.STEPS[:1]),
            (three, ()),
        ):
            for number, kind in enumerate((FactKind.ENROLLED, FactKind.ENROLLED, *kinds)):
                subject = f"{course}/{number}" if kind == FactKind.ENROLLED else course
                session.add(
                    LearningEvent(
                        kind=kind,
                        user_id=user_id,
                        at=at,
                        local_day="2032-03-01",
                        subject=subject,
                        course_id=course,
                    )
                )
    async with database.read() as session:
        found = await funnels.funnel(session, EVERYTHING, Range("2032-03-01", "2032-03-31"))
        none = await funnels.funnel(session, EVERYTHING, Range("2032-04-01", "2032-04-30"))
    assert (found.enrolled, found.started, found.halfway, found.completed) == (3, 2, 1, 1)
    assert (none.enrolled, none.started) == (0, 0)


def to_end(year: Year, at: datetime) -> bool:
    return year.label(at) <= AUTUMN.last


async def test_top_lists_mix_stored_and_live_days(database: Database, year: Year) -> None:
    await aggregate(database, AUTUMN.days[:15], TODAY, NOW)
    async with database.read() as session:
        found = await top.courses(session, AUTUMN, limit=2)
        by_revenue = await top.courses(session, AUTUMN, CourseMetric.REVENUE)
        teachers = await top.instructors(session, AUTUMN)
    ids = {lesson.course_id for lesson in year.lessons}
    wanted = {one: sum(sums_of(year, "enrolments_new", AUTUMN, one).values()) for one in ids}
    assert [one.enrollments for one in found] == sorted(wanted.values(), reverse=True)[:2]
    assert all(one.enrollments == wanted[one.course_id] for one in found)
    for one in found:
        done = [fact.kind for fact in year.done if fact.course_id == one.course_id and to_end(year, fact.at)]
        completed, begun = (done.count(kind) for kind in (FactKind.COURSE_COMPLETED, FactKind.COURSE_STARTED))
        assert (one.completion.count, one.completion.of) == (completed, begun)
        assert one.completions == sum(sums_of(year, "enrolments_completed", AUTUMN, one.course_id).values())
        assert one.started == sum(sums_of(year, "enrolments_started", AUTUMN, one.course_id).values())
    assert any((one.completion.of or 0) > one.started for one in found)  # some began before
    assert [one.title for one in by_revenue] == ["Heat", "Optics", "Waves"]  # nobody has paid: by title
    (teacher,) = teachers
    assert (teacher.name, teacher.courses) == ("Max Born", 3)
    assert teacher.enrollments == sum(wanted.values())


async def test_instructors_keep_the_days_on_which_they_taught(database: Database, year: Year) -> None:
    await aggregate(database, AUTUMN.days, TODAY, NOW)
    async with database.read() as session:
        before = await top.instructors(session, AUTUMN)
    async with database.write() as session:
        await session.execute(delete(CourseInstructor))
    await aggregate(database, AUTUMN.days, TODAY, NOW)
    async with database.read() as session:
        (after,) = await top.instructors(session, AUTUMN)
    assert (after.enrollments, after.courses) == (before[0].enrollments, 0)
