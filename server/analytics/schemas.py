"""Figures as in the OpenAPI document. Days are local days of the institution (docs/metrics.md)."""

from datetime import datetime

import msgspec

from server.analytics.definitions.money import Money
from server.analytics.queries.figures import Figure, Rate, Rating
from server.analytics.queries.funnels import Funnel
from server.analytics.queries.journeys import Cohort
from server.analytics.queries.top import TopCourse, TopInstructor
from server.analytics.rollups.checking import Check


class AskedDays(msgspec.Struct, frozen=True):
    """Days as they are asked for."""

    count: int  # up to the current one
    first: str = ""  # local days of a range of its own, as typed
    last: str = ""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Days that the figures are of. The last one may be the current day: counted up to `as_of`."""

    first_day: str
    last_day: str
    compared_first_day: str
    compared_last_day: str
    as_of: datetime


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    span: Span
    total_users: int  # learners' accounts
    new_users: Figure
    active_users: Figure  # distinct people who learned in the range
    total_courses: int  # published
    total_enrollments: int  # that have not ended
    new_enrollments: Figure
    started_enrollments: Figure
    completed_enrollments: Figure
    completion_rate: Rate  # completed of all that were ever started
    lessons_completed: Figure
    watch_seconds: Figure
    quizzes_submitted: Figure
    quizzes_passed: Figure
    rating: Rating
    uploads: Figure
    encoding: Rate
    encoded_seconds: Figure
    storage_bytes: int
    funnel: Funnel
    last_check: Check | None  # of the stored figures against the facts


class GrowthDay(msgspec.Struct, frozen=True, kw_only=True):
    day: str
    new_users: int
    total_users: int  # at its end, of the accounts that there are now


class UserGrowth(msgspec.Struct, frozen=True, kw_only=True):
    span: Span
    total_users: int
    new_users: Figure
    series: list[GrowthDay]


class EngagementDay(msgspec.Struct, frozen=True, kw_only=True):
    """Null: not known any more, as retention has deleted facts."""

    day: str
    active_users: int | None
    active_week: int | None  # distinct people of the 7 days up to this one
    active_month: int | None
    lessons_completed: int
    watch_seconds: int | None
    quizzes_submitted: int | None


class Engagement(msgspec.Struct, frozen=True, kw_only=True):
    span: Span
    dau: int | None  # distinct people on the last day; null: not known any more
    wau: int | None  # in the 7 days up to it
    mau: int | None  # in the 30 days up to it
    stickiness: Rate
    lessons_completed: Figure
    watch_seconds: Figure
    quizzes_submitted: Figure
    series: list[EngagementDay]
    retention: list[Cohort]  # by week of enrolment


class CurrencyFigure(msgspec.Struct, frozen=True, kw_only=True):
    currency: str
    amount: int  # minor units
    before: int
    change_percent: float | None


class RevenueDay(msgspec.Struct, frozen=True, kw_only=True):
    day: str
    amounts: list[Money]


class Revenue(msgspec.Struct, frozen=True, kw_only=True):
    """By currency: currencies are never added up."""

    span: Span
    mrr: list[Money]
    revenue: list[CurrencyFigure]
    series: list[RevenueDay]


class TopCourses(msgspec.Struct, frozen=True, kw_only=True):
    span: Span
    metric: str
    courses: list[TopCourse]


class TopInstructors(msgspec.Struct, frozen=True, kw_only=True):
    span: Span
    instructors: list[TopInstructor]


class AggregatedDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day that was computed again, or stays as it is because some of its facts are gone."""

    date: str
    message: str
    sealed: bool
    computed_at: datetime | None
    figures: dict[str, int]  # by metric
