"""Tables behind the charts, as the page shows them and as they are exported. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum

import msgspec

from server.analytics.console.building import Console
from server.analytics.definitions import BY_ID
from server.analytics.definitions.metric import Metric, Unit
from server.analytics.rules import later, percent, total
from server.core.text.money import major
from storage.messages import N_, Message, message

Cell = str | int | float | Decimal | None  # Decimal: an amount in its currency's own unit


class Kind(StrEnum):
    """What a cell holds, by which it is written."""

    NAME = "name"  # verbatim
    TERM = "term"  # a catalogue key
    DAY = "day"  # YYYY-MM-DD
    COUNT = "count"
    DECIMAL = "decimal"
    PERCENT = "percent"
    SECONDS = "seconds"
    BYTES = "bytes"
    MONEY = "money"  # minor units of the column's currency


OF_UNITS = {Unit.SECONDS: Kind.SECONDS, Unit.BYTES: Kind.BYTES, Unit.PERCENT: Kind.PERCENT}


class Column(msgspec.Struct, frozen=True, kw_only=True):
    name: str | Message  # a catalogue key
    kind: Kind = Kind.COUNT
    metric: str = ""  # whose definition the figures open
    currency: str = ""
    link: str = ""  # address of the cell's text; `{id}` is the row's


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """`ids`: of the rows, for links of their first column."""

    id: str
    title: str  # a catalogue key
    columns: list[Column]
    rows: list[tuple[Cell, ...]]
    ids: list[str] = []


def column(metric: str, name: str | Message = "") -> Column:
    """Column with a metric's figures, named as the metric."""
    known: Metric = BY_ID[metric]
    return Column(name=name or known.name, kind=OF_UNITS.get(known.unit, Kind.COUNT), metric=metric)


def money(metric: str, currencies: Iterable[str]) -> list[Column]:
    """One column for each currency."""
    return [
        Column(
            name=message(N_("%(name)s in %(currency)s"), name=Message(BY_ID[metric].name), currency=one),
            kind=Kind.MONEY,
            metric=metric,
            currency=one,
        )
        for one in currencies
    ]


_DAY = Column(name=N_("Day"), kind=Kind.DAY)
_OF_SIGNUPS = ("people_new", "enrolments_new", "enrolments_left")
_OF_LEARNING = ("lessons_completed", "watch_seconds", "quizzes_submitted", "quizzes_passed", "reviews_posted")
_OF_ACTIVE = ("active_people", "active_week", "active_month")
_OF_ENCODING = ("uploads", "encodes_succeeded", "encodes_failed", "encoded_seconds")


def _daily(name: str, title: str, metrics: Sequence[str]) -> Callable[[Console], Table]:
    def make(console: Console) -> Table:
        source = {**console.series, **console.active}
        days = console.ask.days.days
        return Table(
            id=name,
            title=title,
            columns=[_DAY, *(column(metric) for metric in metrics)],
            rows=[(day, *(source[metric][day] for metric in metrics)) for day in days],
        )

    return make


def engagement(console: Console) -> Table:
    active = console.active
    return Table(
        id="engagement",
        title=N_("Active people"),
        columns=[_DAY, *(column(metric) for metric in _OF_ACTIVE), column("stickiness")],
        rows=[
            (
                day,
                *(active[metric][day] for metric in _OF_ACTIVE),
                percent(active["active_people"][day], active["active_month"][day]),
            )
            for day in console.ask.days.days
        ],
    )


def revenue(console: Console) -> Table:
    found = console.revenue
    return Table(
        id="revenue",
        title=N_("Revenue"),
        columns=[_DAY, *money("revenue", found)],
        rows=[(day, *(found[one][day] for one in found)) for day in console.ask.days.days],
    )


def mrr(console: Console) -> Table:
    found = console.mrr
    days = sorted({day for own in found.values() for day in own if day >= console.ask.days.first})
    return Table(
        id="mrr",
        title=N_("Monthly recurring revenue"),
        columns=[_DAY, *money("mrr", found)],
        rows=[(day, *(found[one][day] for one in found)) for day in days],
    )


FUNNEL = ("enrolments_new", "enrolments_started", "enrolments_halfway", "enrolments_completed")


def funnel(console: Console) -> Table:
    found = console.funnel
    counts = (found.enrolled, found.started, found.halfway, found.completed)
    return Table(
        id="funnel",
        title=N_("From enrolment to completion"),
        columns=[
            Column(name=N_("Step"), kind=Kind.TERM),
            Column(name=N_("Enrolments"), metric="enrolments_new"),
            Column(name=N_("Percent of those enrolled"), kind=Kind.PERCENT, metric="completion_rate"),
        ],
        rows=[
            (BY_ID[metric].name, value, percent(value, found.enrolled))
            for metric, value in zip(FUNNEL, counts, strict=True)
        ],
    )


def retention(console: Console) -> Table:
    weeks = max((len(one.active) for one in console.cohorts), default=0)
    return Table(
        id="retention",
        title=N_("Still active, by week of enrolment"),
        columns=[
            Column(name=N_("Week from"), kind=Kind.DAY),
            Column(name=N_("People"), metric="enrolments_new"),
            *(
                Column(name=message(N_("Week %(number)s"), number=number), metric="active_people")
                for number in range(weeks)
            ),
        ],
        rows=[
            (one.first_day, one.people, *one.active, *([None] * (weeks - len(one.active))))
            for one in console.cohorts
        ],
    )


def courses(console: Console) -> Table:
    found = console.courses
    currencies = sorted({paid.currency for one in found for paid in one.revenue})
    return Table(
        id="courses",
        title=N_("Courses"),
        columns=[
            Column(name=N_("Course"), kind=Kind.NAME, link="/admin/analytics/courses/{id}"),
            column("enrolments_new"),
            column("enrolments_started"),
            column("enrolments_completed"),
            column("completion_rate"),
            column("watch_seconds"),
            Column(name=BY_ID["rating"].name, kind=Kind.DECIMAL, metric="rating"),
            Column(name=N_("Reviews"), metric="rating"),
            *money("revenue", currencies),
        ],
        rows=[
            (
                *(one.title, one.enrollments, one.started, one.completions, one.completion.percent),
                *(one.watch_seconds, one.rating.mean, one.rating.reviews),
                *({paid.currency: paid.amount for paid in one.revenue}.get(code, 0) for code in currencies),
            )
            for one in found
        ],
        ids=[one.course_id for one in found],
    )


def instructors(console: Console) -> Table:
    return Table(
        id="instructors",
        title=N_("Instructors"),
        columns=[
            Column(name=N_("Instructor"), kind=Kind.NAME, link="/admin/analytics/instructors/{id}"),
            column("enrolments_new"),
            column("enrolments_completed"),
            column("lessons_completed"),
            column("watch_seconds"),
        ],
        rows=[
            (one.name, one.enrollments, one.completions, one.lessons_completed, one.watch_seconds)
            for one in console.instructors
        ],
        ids=[one.user_id for one in console.instructors],
    )


def storage(console: Console) -> Table:
    return Table(
        id="storage",
        title=N_("Storage"),
        columns=[_DAY, column("storage_bytes")],
        rows=list(console.storage.measured.items()),
    )


def figures(console: Console) -> Table:
    """The cards of the page and every sum of the range, beside those of the days that it is compared with."""
    ask = console.ask
    rows = [*_headlines(console), *_sums(console)]
    days = (ask.days.first, ask.days.last, ask.before.first, ask.before.last)
    return Table(
        id="figures",
        title=N_("Figures"),
        columns=[
            Column(name=N_("Figure"), kind=Kind.TERM),
            Column(name=N_("Unit"), kind=Kind.TERM),
            Column(name=N_("These days")),
            Column(name=N_("Compared days")),
            Column(name=N_("First day"), kind=Kind.DAY),
            Column(name=N_("Last day"), kind=Kind.DAY),
            Column(name=N_("First compared day"), kind=Kind.DAY),
            Column(name=N_("Last compared day"), kind=Kind.DAY),
        ],
        rows=[(BY_ID[metric].name, unit, now, before, *days) for metric, unit, now, before in rows],
        ids=[metric for metric, *_ in rows],
    )


def _headlines(console: Console) -> Iterator[tuple[str, str, Cell, Cell]]:
    """Figures of the cards that are no sums, with their metric and unit; amounts of each currency. What there
    is now has none of other days."""
    mrr_before = later(console.ask.days.first, -1)  # the day that the card compares with
    for card in console.cards:
        if card.also and card.also.rate:
            yield card.also.metric, Unit.PERCENT, card.also.rate.percent, None
        if card.metric in console.series:
            continue
        is_compared = card.changes and (card.metric != "mrr" or mrr_before == console.ask.before.last)
        for one in card.amounts:
            now, before = (_own(value, one.currency) for value in (one.value, one.before))
            yield card.metric, one.currency or card.unit, now, before if is_compared else None


def _own(value: int | None, currency: str) -> Cell:
    return major(value, currency) if currency and value is not None else value


def _sums(console: Console) -> Iterator[tuple[str, str, Cell, Cell]]:
    for metric, values in console.series.items():
        yield metric, BY_ID[metric].unit, total(values.values()), total(console.earlier[metric].values())


TABLES: dict[str, Callable[[Console], Table]] = {
    "figures": figures,
    "signups": _daily("signups", N_("New learners and enrolments"), _OF_SIGNUPS),
    "learning": _daily("learning", N_("Learning"), _OF_LEARNING),
    "engagement": engagement,
    "revenue": revenue,
    "mrr": mrr,
    "funnel": funnel,
    "retention": retention,
    "courses": courses,
    "instructors": instructors,
    "storage": storage,
    "encoding": _daily("encoding", N_("Encoding"), _OF_ENCODING),
}
