"""The year, written in blocks of some weeks, so that XP and achievements come when they were earned.

A transaction writes what some people did in a block and settles their XP. One that was written before adds
nothing, so that a run that was killed is made again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.clock import local_day
from server.core.events import days_changed, publish_all
from server.demo.people.members import Member
from server.demo.writing import rows
from server.demo.year.course import Lengths
from server.demo.year.deeds import Asked, Deed, Reached, Read, Replied, Reviewed, Tried, Watched
from server.demo.year.terms import Calendar
from server.gamification.xp import ledger
from server.playback import tokens
from storage.database.engine import Database
from storage.database.insert import insert_new_rows
from storage.database.tables import (
    ActivityDay,
    Enrolment,
    LessonReading,
    Post,
    QuizAnswer,
    QuizAttempt,
    Review,
    SegmentDelivery,
    VideoAnalytics,
    WatchCoverage,
)
from storage.states import FactKind

BLOCK = timedelta(days=28)
LOT = 100  # people of one transaction
LOT_ROWS = 2000

Journeys = Sequence[tuple[Member, Sequence[Deed]]]
Told = Callable[[int, int], None]  # how much is done, of how much


async def write(
    database: Database, journeys: Journeys, lengths: Lengths, calendar: Calendar, told: Told
) -> None:
    """Use case: everything but posts."""
    blocks = list(_blocks(calendar))
    lots = [journeys[start : start + LOT] for start in range(0, len(journeys), LOT)]
    for number, (begin, end) in enumerate(blocks):
        for place, lot in enumerate(lots):
            deeds = [
                deed
                for _, own in lot
                for deed in own
                if begin <= deed.at < end and not isinstance(deed, Asked | Replied)
            ]
            if deeds:
                deeds.sort(key=lambda deed: deed.at)
                async with database.write() as session:
                    await _write(session, deeds, _ends(lot), lengths, calendar)
            told(number * len(lots) + place + 1, len(blocks) * len(lots))
    await _write_states(database, [deed for _, own in journeys for deed in own])


def _blocks(calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    begin = calendar.begin
    while begin < calendar.end:
        yield begin, begin + BLOCK
        begin += BLOCK


def _ends(lot: Journeys) -> dict[tuple[str, int], datetime]:
    """When enrolments ended, by learner and course."""
    return {
        (deed.user_id, deed.course): deed.at
        for _, own in lot
        for deed in own
        if isinstance(deed, Reached) and deed.kind == FactKind.LEFT
    }


async def _write(
    session: AsyncSession,
    deeds: Sequence[Deed],
    ends: dict[tuple[str, int], datetime],
    lengths: Lengths,
    calendar: Calendar,
) -> None:
    enrolled = [
        {
            "course_id": rows.course_of(deed).id,
            "user_id": deed.user_id,
            "created_at": deed.at,
            "ended_at": ends.get((deed.user_id, deed.course)),
        }
        for deed in deeds
        if isinstance(deed, Reached) and deed.kind == FactKind.ENROLLED
    ]
    await insert_new_rows(session, Enrolment, enrolled)
    sessions = [rows.session(deed, lengths) for deed in deeds if isinstance(deed, Watched)]
    await insert_new_rows(session, VideoAnalytics, sessions)
    attempts = [rows.attempt(deed) for deed in deeds if isinstance(deed, Tried)]
    await insert_new_rows(session, QuizAttempt, [attempt for attempt, _ in attempts])
    await insert_new_rows(session, QuizAnswer, [row for _, answers in attempts for row in answers])
    await insert_new_rows(session, Review, [rows.review(one) for one in deeds if isinstance(one, Reviewed)])
    await publish(session, deeds, calendar)


async def publish(session: AsyncSession, deeds: Sequence[Deed], calendar: Calendar) -> None:
    """Step: facts and days of learning, and what they are worth. `deeds`: in the order of time."""
    first: dict[tuple[str, str], datetime] = {}
    for deed in deeds:
        if rows.is_active(deed):
            first.setdefault((deed.user_id, local_day(deed.at, calendar.zone, 0).isoformat()), deed.at)
    days = [
        {"user_id": user_id, "day": day, "first_at": at, "settled": False}
        for (user_id, day), at in first.items()
    ]
    new_days = await insert_new_rows(session, ActivityDay, days)
    await days_changed(session, {day for _, day in first} if new_days else ())
    new_facts = await publish_all(session, rows.facts(deeds))
    if new_days or new_facts:
        learners = {deed.user_id for deed in deeds if not (isinstance(deed, Replied) and deed.staff)}
        await ledger.settle_all(session, sorted(learners))


async def write_posts(
    database: Database, asked: Iterable[Asked], replies: dict[str, list[Replied]], calendar: Calendar
) -> None:
    """Use case: the discussion; first posts come before their replies."""
    posts: list[Asked | Replied] = []
    active: dict[str, datetime] = {}
    for one in asked:
        own = replies[rows.post_id(one)]
        posts += [one, *own]
        active[rows.post_id(one)] = max((reply.at for reply in own), default=one.at)
    posts.sort(key=lambda deed: deed.at)
    for lot in _lots(posts):
        values = [rows.post(deed, active.get(rows.post_id(deed), deed.at)) for deed in lot]
        async with database.write() as session:
            await insert_new_rows(session, Post, [one for one in values if one["thread_id"] is None])
            await insert_new_rows(session, Post, [one for one in values if one["thread_id"] is not None])
            await publish(session, lot, calendar)


def _lots(items: Sequence[Asked | Replied]) -> Iterator[Sequence[Asked | Replied]]:
    for start in range(0, len(items), LOT * 4):
        yield items[start : start + LOT * 4]


async def _write_states(database: Database, deeds: Sequence[Deed]) -> None:
    """What each person has seen of each lecture and read of each text, over all sessions."""
    covered = rows.coverage(deed for deed in deeds if isinstance(deed, Watched))
    read = rows.readings(deed for deed in deeds if isinstance(deed, Read))
    for table, found in ((WatchCoverage, covered), (LessonReading, read)):
        for start in range(0, len(found), LOT_ROWS):
            async with database.write() as session:
                await insert_new_rows(session, table, found[start : start + LOT_ROWS])


async def write_deliveries(
    database: Database, deeds: Iterable[Deed], videos: dict[str, tuple[str, float]]
) -> None:
    """Use case: which segments were delivered for what was seen. `videos`: of a lesson, id and seconds of a
    segment."""
    bits: dict[tuple[str, str], int] = {}
    for row in rows.coverage(deed for deed in deeds if isinstance(deed, Watched)):
        video_id, seconds = videos[row["lesson_id"]]
        key = video_id, tokens.scope(row["user_id"]).hex()
        for start, end in row["spans"]:
            for number in range(int(start / 10 / seconds), int((end - 1) / 10 / seconds) + 1):
                bits[key] = bits.get(key, 0) | 1 << number
    found = [
        {"video_id": video_id, "scope": scope, "bits": sent.to_bytes(-(-sent.bit_length() // 8), "little")}
        for (video_id, scope), sent in bits.items()
    ]
    for start in range(0, len(found), LOT_ROWS):
        async with database.write() as session:
            await insert_new_rows(session, SegmentDelivery, found[start : start + LOT_ROWS])
