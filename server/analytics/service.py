"""Figures of the administrators' API, each from one reading of the database: as of then, some seconds ago."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics import rules
from server.analytics.console.rules import running
from server.analytics.definitions import money, people, rates
from server.analytics.definitions.scope import EVERYTHING, Scope
from server.analytics.lately import lately
from server.analytics.queries import funnels, journeys, series, sums, top
from server.analytics.queries.figures import Rate, figure, totals
from server.analytics.queries.top import CourseMetric
from server.analytics.rollups.aggregating import aggregate
from server.analytics.rollups.checking import last_check
from server.analytics.rollups.counting import OF_PLATFORM
from server.analytics.rollups.tasks import today
from server.analytics.rules import Range, total
from server.analytics.schemas import (
    AggregatedDay,
    AskedDays,
    CurrencyFigure,
    Engagement,
    EngagementDay,
    GrowthDay,
    Overview,
    Revenue,
    RevenueDay,
    Span,
    TopCourses,
    TopInstructors,
    UserGrowth,
)
from server.core.audit.recording import record
from storage.database.engine import Database
from storage.database.tables import AnalyticsDay, Course, PlatformAnalytics
from storage.messages import N_
from storage.states import PublicationStatus
from storage.states.privacy import AuditAction

COMPUTED = N_("The day was computed again from its facts.")
SEALED = N_(
    "Some facts of this day were deleted, by retention or with a person: its figures stay as they are."
)
OF_OVERVIEW = {  # field of the overview -> metric
    "new_users": "people_new",
    "new_enrollments": "enrolments_new",
    "started_enrollments": "enrolments_started",
    "completed_enrollments": "enrolments_completed",
    **{name: name for name in ("lessons_completed", "watch_seconds", "quizzes_submitted", "quizzes_passed")},
    **{name: name for name in ("uploads", "encoded_seconds")},
}
OF_ENGAGEMENT = ("lessons_completed", "watch_seconds", "quizzes_submitted")


async def recent(session: AsyncSession, days: int, now: datetime) -> Range:
    """Step: so many local days, up to the current one."""
    return rules.trailing(await today(session, now), days)


async def asked_for(session: AsyncSession, asked: AskedDays, now: datetime) -> Range:
    """Step. Raises Invalid for a range of its own that cannot be."""
    current = await today(session, now)
    if asked.first or asked.last:
        return rules.custom(asked.first, asked.last, current)
    return rules.trailing(current, asked.count)


def span(days: Range, now: datetime) -> Span:
    return Span(
        first_day=days.first,
        last_day=days.last,
        compared_first_day=days.before.first,
        compared_last_day=days.before.last,
        as_of=now,
    )


def _weight(found: Overview | UserGrowth | Engagement | Revenue | TopCourses | TopInstructors) -> int:
    first, last = date.fromisoformat(found.span.first_day), date.fromisoformat(found.span.last_day)
    return 1 + (last - first).days // 20


async def overview(session: AsyncSession, scope: Scope, days: Range, now: datetime) -> Overview:
    """Step."""
    return await lately(
        session, ("overview", days), scope, now, lambda: _overview(session, scope, days, now), _weight
    )


async def _overview(session: AsyncSession, scope: Scope, days: Range, now: datetime) -> Overview:
    found = await totals(session, scope, days)
    published = (Course.status == PublicationStatus.PUBLISHED, *scope.courses(Course.id))
    figures: dict[str, Any] = {field: found.sums[metric] for field, metric in OF_OVERVIEW.items()}
    return Overview(
        span=span(days, now),
        total_users=found.people,
        active_users=found.active_people,
        total_courses=int(await session.scalar(select(func.count()).where(*published)) or 0),
        total_enrollments=found.enrolments,
        completion_rate=found.completion,
        rating=found.rating,
        encoding=found.encoding,
        storage_bytes=found.storage_bytes,
        funnel=await funnels.funnel(session, scope, days),
        last_check=await last_check(session),
        **figures,
    )


async def user_growth(session: AsyncSession, scope: Scope, days: Range, now: datetime) -> UserGrowth:
    """Step."""
    return await lately(
        session, ("growth", days), scope, now, lambda: _user_growth(session, scope, days, now), _weight
    )


async def _user_growth(session: AsyncSession, scope: Scope, days: Range, now: datetime) -> UserGrowth:
    until = Range(days.first, await today(session, now))
    new = (await sums.daily(session, scope, until, ["people_new"]))["people_new"]
    before = (await sums.daily(session, scope, days.before, ["people_new"]))["people_new"]
    whole = await people.people_total(session, scope)
    added = {day: value or 0 for day, value in new.items()}  # always known
    totals_by_day = dict(zip(until.days, running(whole, list(added.values())), strict=True))
    return UserGrowth(
        span=span(days, now),
        total_users=whole,
        new_users=figure(sum(added[day] for day in days.days), total(before.values())),
        series=[
            GrowthDay(day=day, new_users=added[day], total_users=totals_by_day[day]) for day in days.days
        ],
    )


async def engagement(session: AsyncSession, scope: Scope, days: Range, now: datetime) -> Engagement:
    """Step."""
    return await lately(
        session, ("engagement", days), scope, now, lambda: _engagement(session, scope, days, now), _weight
    )


async def _engagement(session: AsyncSession, scope: Scope, days: Range, now: datetime) -> Engagement:
    active = await series.active_days(session, scope, days)
    done = await sums.daily(session, scope, days, OF_ENGAGEMENT)
    before = await sums.daily(session, scope, days.before, OF_ENGAGEMENT)
    dau, wau, mau = (active[name][days.last] for name in ("active_people", "active_week", "active_month"))
    figures = {
        name: figure(total(done[name].values()), total(before[name].values())) for name in OF_ENGAGEMENT
    }
    return Engagement(
        span=span(days, now),
        dau=dau,
        wau=wau,
        mau=mau,
        stickiness=Rate(percent=rates.stickiness(dau, mau), count=dau, of=mau),
        series=[
            EngagementDay(
                day=day,
                active_users=active["active_people"][day],
                active_week=active["active_week"][day],
                active_month=active["active_month"][day],
                lessons_completed=done["lessons_completed"][day] or 0,
                watch_seconds=done["watch_seconds"][day],
                quizzes_submitted=done["quizzes_submitted"][day],
            )
            for day in days.days
        ],
        retention=await journeys.retention(session, scope, days),
        **figures,
    )


async def revenue(session: AsyncSession, scope: Scope, days: Range, now: datetime) -> Revenue:
    """Step."""
    return await lately(
        session, ("revenue of days", days), scope, now, lambda: _revenue(session, scope, days, now), _weight
    )


async def _revenue(session: AsyncSession, scope: Scope, days: Range, now: datetime) -> Revenue:
    paid = {one.currency: one.amount for one in await money.revenue(session, scope, days)}
    before = {one.currency: one.amount for one in await money.revenue(session, scope, days.before)}
    by_day = await money.revenue_days(session, scope, days)
    return Revenue(
        span=span(days, now),
        mrr=await money.mrr(session, scope, now),
        revenue=[
            CurrencyFigure(
                currency=one,
                amount=paid.get(one, 0),
                before=before.get(one, 0),
                change_percent=rules.change(paid.get(one, 0), before.get(one, 0)),
            )
            for one in sorted(paid.keys() | before.keys())
        ],
        series=[
            RevenueDay(
                day=day,
                amounts=[money.Money(one, own[day]) for one, own in sorted(by_day.items()) if day in own],
            )
            for day in days.days
        ],
    )


async def top_courses(
    session: AsyncSession, days: Range, metric: CourseMetric, limit: int, now: datetime
) -> TopCourses:
    """Step."""
    return await lately(
        session,
        ("top courses", days, metric, limit),
        EVERYTHING,
        now,
        lambda: _top_courses(session, days, metric, limit, now),
        _weight,
    )


async def _top_courses(
    session: AsyncSession, days: Range, metric: CourseMetric, limit: int, now: datetime
) -> TopCourses:
    found = await top.courses(session, days, metric, limit)
    return TopCourses(span=span(days, now), metric=metric.value, courses=found)


async def top_instructors(session: AsyncSession, days: Range, limit: int, now: datetime) -> TopInstructors:
    """Step."""
    return await lately(
        session,
        ("top instructors", days, limit),
        EVERYTHING,
        now,
        lambda: _top_instructors(session, days, limit, now),
        _weight,
    )


async def _top_instructors(session: AsyncSession, days: Range, limit: int, now: datetime) -> TopInstructors:
    return TopInstructors(span=span(days, now), instructors=await top.instructors(session, days, limit))


async def aggregate_day(
    database: Database, typed: str, now: datetime, *, by: str | None = None
) -> AggregatedDay:
    """Use case: compute a day that is over again. Idempotent. Raises Invalid."""
    async with database.read() as session:
        current = await today(session, now)
    day = rules.clean_day(typed, current)
    async with database.write() as session:
        await record(session, by, AuditAction.FIGURES_COMPUTED, now, data={"day": day})
    done = await aggregate(database, [day], current, now)
    async with database.read() as session:
        state = await session.get(AnalyticsDay, day)
        row = await session.get(PlatformAnalytics, day)
    sealed = day in done.sealed
    return AggregatedDay(
        date=day,
        message=SEALED if sealed else COMPUTED,
        sealed=sealed,
        computed_at=state.computed_at if state else None,
        figures={name: getattr(row, name) for name in OF_PLATFORM} if row else {},
    )
