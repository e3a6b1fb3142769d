"""A year of a busy institution, for pages that show figures: facts and sums."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, update

from server.analytics.definitions.encoding import storage_bytes
from server.analytics.definitions.scope import EVERYTHING
from server.analytics.payments import entering, service
from server.analytics.payments.schemas import NewPayment
from server.analytics.rollups import marking, tasks
from server.core import events
from server.core.clock import local_day
from server.core.events import Event, publish_all
from server.institution import service as institution
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import (
    ActivityDay,
    EncodingEvent,
    Enrolment,
    PlatformAnalytics,
    Review,
    User,
    Video,
    WatchDay,
)
from storage.states import EncodingKind, FactKind, ReviewState, RevisionState, Role
from tests.world.builder import World

LOT = 400  # facts of one transaction
TEACHERS = ("Max Born", "Emmy Noether", "Lise Meitner", "Richard Courant")
COURSES = (
    *("Optics", "Linear algebra", "Sorting and searching", "Roman history", "Organic chemistry"),
    *("Statistics for the social sciences", "Thermodynamics", "Introduction to philosophy"),
    *("Compiler construction", "Contract law", "Genetics", "Music theory"),
)
GIVEN = ("Ada", "Béla", "Carl", "Dora", "Émile", "Fritz", "Grete", "Hans", "Ida", "Jonas", "Kai", "Lena")
FAMILY = ("Arndt", "Bauer", "Cohn", "Dreyer", "Ernst", "Fuchs", "Graf", "Haas", "Ivens", "Jung", "Kern")


async def fill(world: World, *, people: int = 300, days: int = 365, seed: int = 7) -> list[str]:
    """Ids of the courses. Rows of days that are over are computed."""
    draw, database, now = random.Random(seed), world.database, world.now()
    events.bind(database, {}, days=(marking.mark,))
    await institution.save(database, {"name": "Northfield University", "time_zone": "Europe/Berlin"}, 1, now)
    teachers = [await world.person(name, role=Role.INSTRUCTOR) for name in TEACHERS]
    courses = [
        await world.course(title, instructors=[teachers[number % len(teachers)]])
        for number, title in enumerate(COURSES)
    ]
    lessons = [await world.lesson(course, "Lecture 1") for course in courses]
    course_ids = [course.id for course in courses]
    learners = await _learners(database, people, days, draw, now)
    facts, watched = _year(learners, course_ids, draw, now)
    await _write(database, facts)
    await _watch(database, watched, [lesson.id for lesson in lessons], course_ids)
    await _encode(database, [(lesson.id, lesson.course_id) for lesson in lessons], days, draw, now)
    await _pay(database, [user_id for user_id, _ in learners], course_ids, draw, now)
    await _rate(database, facts, draw)
    await tasks.backfill(database, None, now)
    await _measure(database, now)
    return course_ids


async def _learners(
    database: Database, count: int, days: int, draw: random.Random, now: datetime
) -> list[tuple[str, datetime]]:
    """People and the moments of their accounts: most in the weeks of two terms."""
    rows, made = [], []
    for number in range(count):
        ago = draw.choice((draw.gauss(230, 14), draw.gauss(45, 12), draw.uniform(0, days)))
        at = now - timedelta(days=min(max(ago, 0), days - 1))
        name = f"{draw.choice(GIVEN)} {draw.choice(FAMILY)}"
        user_id = new_id()
        email = f"learner{number}@example.edu"
        rows.append(
            {
                **{"id": user_id, "email": email, "name": name, "role": Role.LEARNER},
                **{"created_at": at, "updated_at": at, "search_key": f"{name} {email}".lower()},
                "created_day": local_day(at, "Europe/Berlin", 0).isoformat(),
            }
        )
        made.append((user_id, at))
    async with database.write() as session:
        await session.execute(insert(User), rows)
    return made


Watched = tuple[str, str, datetime, int]  # user, course, moment, seconds


def _year(
    learners: Sequence[tuple[str, datetime]], course_ids: Sequence[str], draw: random.Random, now: datetime
) -> tuple[list[Event], list[Watched]]:
    facts: list[Event] = []
    watched: list[Watched] = []
    for user_id, since in learners:
        for course_id in draw.sample(course_ids, draw.choice((1, 1, 2, 3))):
            at = since + timedelta(days=draw.expovariate(0.5))
            stays = draw.betavariate(1.3, 1.6)
            for kind, moment in _path(at, stays, draw):
                if moment < now:
                    facts.append(_event(kind, user_id, course_id, moment))
            moment = at
            while moment < min(now, at + timedelta(days=20 + 100 * stays)):
                watched.append((user_id, course_id, moment, draw.randint(60, 2700)))
                moment += timedelta(days=draw.expovariate(0.35) + 0.2)
    return sorted(facts, key=lambda one: one.at), watched


def _path(at: datetime, stays: float, draw: random.Random) -> Iterator[tuple[FactKind, datetime]]:
    """How far somebody gets in a course. `stays`: from 0 to 1."""
    yield FactKind.ENROLLED, at
    if stays < 0.12:
        return
    started = at + timedelta(days=draw.expovariate(0.6))
    yield FactKind.COURSE_STARTED, started
    for number in range(1, int(12 * stays) + 1):
        moment = started + timedelta(days=7 * number * draw.uniform(0.7, 1.2), hours=draw.uniform(-6, 6))
        yield FactKind.LESSON_COMPLETED, moment
        if draw.random() < 0.5:
            yield FactKind.QUIZ_SUBMITTED, moment + timedelta(minutes=20)
        if draw.random() < 0.3:
            yield FactKind.QUIZ_PASSED, moment + timedelta(minutes=21)
    if stays > 0.45:
        yield FactKind.COURSE_HALFWAY, started + timedelta(days=40)
    if stays > 0.7:
        yield FactKind.COURSE_COMPLETED, started + timedelta(days=85)
    elif draw.random() < 0.08:
        yield FactKind.LEFT, started + timedelta(days=30)


def _event(kind: FactKind, user_id: str, course_id: str, at: datetime) -> Event:
    once = kind in (FactKind.COURSE_STARTED, FactKind.COURSE_HALFWAY, FactKind.COURSE_COMPLETED)
    subject = course_id if once else new_id()
    return Event(kind=kind, user_id=user_id, subject=subject, at=at, course_id=course_id)


async def _write(database: Database, facts: Sequence[Event]) -> None:
    for start in range(0, len(facts), LOT):
        async with database.write() as session:
            await publish_all(session, facts[start : start + LOT])
    enrolled = {(one.user_id, one.course_id): one.at for one in facts if one.kind == FactKind.ENROLLED}
    rows = [
        {"user_id": user_id, "course_id": course_id, "created_at": at}
        for (user_id, course_id), at in enrolled.items()
    ]
    async with database.write() as session:
        await session.execute(insert(Enrolment), rows)


async def _watch(
    database: Database, watched: Sequence[Watched], lesson_ids: Sequence[str], course_ids: Sequence[str]
) -> None:
    lessons = dict(zip(course_ids, lesson_ids, strict=True))
    rows: list[dict[str, Any]] = []
    days = set()
    for user_id, course_id, at, seconds in watched:
        day = local_day(at, "Europe/Berlin", 0).isoformat()
        days.add((day, user_id))
        rows.append(
            {
                **{"session_id": new_id(), "day": day, "user_id": user_id, "course_id": course_id},
                **{"lesson_id": lessons[course_id], "seconds": seconds},
            }
        )
    async with database.write() as session:
        await session.execute(insert(WatchDay), rows)
        await session.execute(
            insert(ActivityDay), [{"day": day, "user_id": user_id} for day, user_id in sorted(days)]
        )


async def _encode(
    database: Database, lessons: Sequence[tuple[str, str]], days: int, draw: random.Random, now: datetime
) -> None:
    rows, videos = [], []
    for _ in range(260):
        at = now - timedelta(days=draw.uniform(0, days))
        failed = draw.random() < 0.06
        video_id, (lesson_id, course_id), seconds = new_id(), draw.choice(lessons), draw.randint(900, 5400)
        base = {"video_id": video_id, "day": at.date().isoformat(), "course_id": course_id}
        kind = EncodingKind.FAILED if failed else EncodingKind.READY
        rows.append({**base, "kind": EncodingKind.SUBMITTED, "seconds": 0, "bytes": 4 * 10**8})
        rows.append({**base, "kind": kind, "seconds": seconds, "bytes": seconds * 200_000})
        videos.append(
            Video(
                id=video_id,
                lesson_id=lesson_id,
                source_key=video_id,
                source_bytes=5 * 10**8,
                state=RevisionState.FAILED if failed else RevisionState.READY,
                plan={"duration": seconds},
                created_at=at,
                finished_at=at,
            )
        )
    async with database.write() as session:
        session.add_all(videos)
        await session.execute(insert(EncodingEvent), rows)


async def _pay(
    database: Database, people: Sequence[str], course_ids: Sequence[str], draw: random.Random, now: datetime
) -> None:
    """Fees of courses in two currencies, and some subscriptions."""
    terms: list[dict[str, Any]] = [
        {
            "at": (now - timedelta(days=draw.uniform(0, 200))).isoformat(),
            "amount": draw.choice((4900, 9900, 12900)),
            "currency": "EUR" if draw.random() < 0.8 else "USD",
            "course_id": draw.choice(course_ids),
        }
        for _ in people[: len(people) // 3]
    ]
    for number in range(max(2, len(people) // 15)):
        at = (now - timedelta(days=draw.uniform(10, 300))).isoformat()
        terms.append(
            {"at": at, "kind": "recurring", "amount": 1500, "currency": "EUR", "external_id": f"S{number}"}
        )
    async with database.write() as session:
        place = await service.place_of(session)
        entries = [
            entering.checked(NewPayment(**{"external_id": new_id(), **one}), place, now) for one in terms
        ]
        plan = await service.write(session, entries, None, now)
        await service.settle(session, list(plan.rows.values()), now)


async def _rate(database: Database, facts: Sequence[Event], draw: random.Random) -> None:
    done = {(one.user_id, one.course_id): one.at for one in facts if one.kind == FactKind.COURSE_COMPLETED}
    rows = [
        {
            **{"id": new_id(), "user_id": user_id, "course_id": course_id, "state": ReviewState.SHOWN},
            **{"stars": draw.choice((3, 4, 4, 5, 5)), "created_at": at, "updated_at": at, "text": ""},
        }
        for (user_id, course_id), at in done.items()
    ]
    async with database.write() as session:
        if rows:
            await session.execute(insert(Review), rows)


async def _measure(database: Database, now: datetime) -> None:
    """Storage as it would have been measured: half a gigabyte a day."""
    async with database.write() as session:
        whole = await storage_bytes(session, EVERYTHING)
        for ago in range(1, 120):
            day = (now - timedelta(days=ago)).date().isoformat()
            size = whole - ago * 15 * 10**8
            row = PlatformAnalytics
            await session.execute(update(row).where(row.day == day).values(storage_bytes=size))
