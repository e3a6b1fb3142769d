"""Figures of a range beside those of the range before."""

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions import SUMS, encoding, people, rates
from server.analytics.definitions.scope import Scope
from server.analytics.definitions.settled import past_of
from server.analytics.queries.series import distinct
from server.analytics.queries.sums import Series, daily
from server.analytics.remembered import remembered
from server.analytics.rules import EVER, Range, change, total


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A count beside that of as many days before; null: not known any more."""

    value: int | None
    before: int | None
    change_percent: float | None  # null: there was nothing before, or one of them is not known


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate beside its counts, null where they are not known any more."""

    percent: float | None  # null: 0 of 0, or not known
    count: int | None
    of: int | None


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What there is, and what happened in a range."""

    people: int  # learners' accounts
    enrolments: int  # that have not ended
    storage_bytes: int
    active_people: Figure  # distinct, in the range
    sums: dict[str, Figure]  # by metric
    completion: Rate
    encoding: Rate
    rating: "Rating"
    series: Series  # of the range, by metric and day


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    mean: float | None  # stars; null without a review
    reviews: int


def figure(value: int | None, before: int | None) -> Figure:
    return Figure(value=value, before=before, change_percent=change(value, before))


def rating_of(count: int, stars: int) -> Rating:
    return Rating(mean=round(stars / count, 2) if count else None, reviews=count)


async def totals(session: AsyncSession, scope: Scope, days: Range) -> Totals:
    """Step. The range may end with the current day."""
    series = await daily(session, scope, days)
    before = await daily(session, scope, days.before)
    sums = {metric: figure(total(series[metric].values()), total(before[metric].values())) for metric in SUMS}
    active = [await distinct(session, scope, one) for one in (days, days.before)]
    return Totals(
        people=await people.people_total(session, scope),
        enrolments=await people.enrolments_live(session, scope),
        storage_bytes=await encoding.storage_bytes(session, scope),
        active_people=figure(*active),
        sums=sums,
        completion=await completion(session, scope, days.last),
        encoding=encoded(series),
        rating=rating_of(*await people.rating(session, scope)),
        series=series,
    )


def encoded(series: Series) -> Rate:
    """Success of encodings: retention deletes none."""
    good, bad = (total(series[name].values()) or 0 for name in ("encodes_succeeded", "encodes_failed"))
    return Rate(percent=rates.encode_success_rate(good, bad), count=good, of=good + bad)


async def completion(session: AsyncSession, scope: Scope, last: str) -> Rate:
    """Step: completed of the started enrolments, both up to a day."""
    ever = Range(EVER, last)
    if found := await past_of(session, scope, ever):
        past, version = found
        counts = await remembered(
            session, ("completion", scope, past), version, lambda: _completion(session, scope, past)
        )
        if past != ever:
            live = await _completion(session, scope, Range(last, last))
            counts = [before + now for before, now in zip(counts, live, strict=True)]
    else:
        counts = await _completion(session, scope, ever)
    return rate_of(*counts)


def rate_of(completed: int, started: int) -> Rate:
    return Rate(percent=rates.completion_rate(completed, started), count=completed, of=started)


async def _completion(session: AsyncSession, scope: Scope, days: Range) -> list[int]:
    counts = []
    for metric in ("enrolments_completed", "enrolments_started"):
        rows = SUMS[metric](scope, days).subquery()
        counts.append(int(await session.scalar(select(func.count()).select_from(rows)) or 0))
    return counts
