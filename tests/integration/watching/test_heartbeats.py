"""Heartbeats from the player to the rows: what is credited, refused, repeated and lost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select, update

from server.watching.heartbeats import admission, intake
from server.watching.heartbeats.recording import Noted, Outcome, record
from server.watching.heartbeats.sessions import MOST_GAPS
from server.watching.rules import MOST_SPANS
from server.watching.schemas import Received
from storage.database.engine import Database
from storage.database.tables import (
    ActivityDay,
    Course,
    Enrolment,
    LearningEvent,
    Lesson,
    User,
    VideoAnalytics,
    WatchAllowance,
    WatchCoverage,
)
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, MakeAccount
from tests.world.builder import World

pytestmark = on_both_databases

TRACK = "/api/video/track-watch"
SESSION = "0123456789abcdef"

Watch = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def lesson(world: World, instructor: Account, learner: Account) -> Lesson:
    """Ten minutes, published; `learner` is enrolled."""
    course = await world.course("C", instructors=[instructor], learners=[learner])
    lesson = await world.lesson(course, "L")
    await world.video(lesson, seconds=600)
    return await world.reload(lesson)


async def token_of(account: Account, lesson: Lesson) -> str:
    answer = await account.api.get(f"/api/video/watch/{lesson.id}")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


def beat(token: str, seq: int, *spans: tuple[float, float], session: str = SESSION, **more: Any) -> Any:
    events = [{"from": start, "to": end, **more.get("event", {})} for start, end in spans]
    rest = {name: value for name, value in more.items() if name != "event"}
    return {"token": token, "session": session, "seq": seq, "events": events, **rest}


async def rows(database: Database, table: Any) -> list[Any]:
    async with database.read() as session:
        return list(await session.scalars(select(table)))


async def started(database: Database) -> list[LearningEvent]:
    return [fact for fact in await rows(database, LearningEvent) if fact.kind == "lesson_started"]


async def test_watching_is_credited_and_resumes(
    client: httpx.AsyncClient, lesson: Lesson, learner: Account, held_clock: HeldClock, database: Database
) -> None:
    token = await token_of(learner, lesson)
    held_clock.advance(seconds=10)
    told = await client.post(TRACK, json=beat(token, 0, (100, 110), device="phone", quality="720p"))
    assert told.status_code == 200, told.text
    assert told.json() == {
        "covered_seconds": 10.0,
        "percent": 1,
        "dropped_seconds": 0.0,
        "completed": False,
    }
    known = (await learner.api.get(f"/api/video/watch/{lesson.id}")).json()
    assert (known["resume_seconds"], known["spans"]) == (110.0, [[100.0, 110.0]])
    (session,) = await rows(database, VideoAnalytics)
    assert (session.watch_seconds, session.device_type, session.quality_selected) == (10, "phone", "720p")
    (coverage,) = await rows(database, WatchCoverage)
    assert (coverage.views, coverage.covered, coverage.staff) == (1, 100, False)
    facts = [(fact.subject, fact.user_id) for fact in await started(database)]
    assert facts == [(lesson.id, learner.id)]
    assert [row.user_id for row in await rows(database, ActivityDay)] == [learner.id]


async def test_repeated_heartbeat_changes_nothing(
    client: httpx.AsyncClient, lesson: Lesson, learner: Account, held_clock: HeldClock, database: Database
) -> None:
    token = await token_of(learner, lesson)
    held_clock.advance(seconds=20)
    sent = [beat(token, 1, (10, 20)), beat(token, 0, (0, 10))]
    first = await asyncio.gather(*(client.post(TRACK, json=one) for one in (*sent, *sent)))
    assert {answer.status_code for answer in first} == {200}
    held_clock.advance(seconds=60)
    again = await client.post(TRACK, json=[*sent, *sent])
    assert [one["covered_seconds"] for one in again.json()] == [20.0] * 4
    (session,) = await rows(database, VideoAnalytics)
    assert (session.heartbeats, session.watch_seconds, session.position) == ([[0, 2]], 20, 20)


async def test_allowance_is_one_for_all_sessions_and_lessons(
    client: httpx.AsyncClient, world: World, lesson: Lesson, learner: Account, database: Database
) -> None:
    async with database.read() as session:
        course = await session.get_one(Course, lesson.course_id)
    other = await world.lesson(course, "M")
    await world.video(other, seconds=600)
    dropped = 0.0
    for number, one in enumerate((lesson, await world.reload(other)) * 2):
        token = await token_of(learner, one)
        told = await client.post(TRACK, json=beat(token, 0, (0, 600), session=f"{SESSION}{number}"))
        dropped += told.json()["dropped_seconds"]
    (allowance,) = await rows(database, WatchAllowance)
    assert allowance.balance == 0
    assert sum(row.covered for row in await rows(database, WatchCoverage)) == 750  # 15 s and a tenth
    assert allowance.dropped == pytest.approx(dropped)


async def test_beats_made_offline_are_credited_later(
    client: httpx.AsyncClient, lesson: Lesson, learner: Account, held_clock: HeldClock
) -> None:
    token = await token_of(learner, lesson)
    held_clock.advance(seconds=310)
    made = 1.7e12  # by a clock that is wrong by years
    late = [
        beat(token, n, (n * 10, n * 10 + 10), event={"at": made + n * 10_000}, sent_at=made + 300_000)
        for n in range(30)
    ]
    told = await client.post(TRACK, json=late)
    assert told.json()[-1]["covered_seconds"] == 300


@pytest.mark.parametrize("change", ["altered", "expired", "other lesson"])
async def test_token_that_is_not_valid_is_refused(
    client: httpx.AsyncClient, lesson: Lesson, learner: Account, held_clock: HeldClock, change: str
) -> None:
    token = await token_of(learner, lesson)
    held_clock.advance(days=8 if change == "expired" else 0)
    token = token[:-1] + ("A" if token[-1] != "A" else "E") if change == "altered" else token
    about = {"lesson_id": "f" * 32} if change == "other lesson" else {}
    answer = await client.post(TRACK, json=beat(token, 0, (0, 10), **about))
    assert answer.status_code == 403
    assert "watch token" in answer.json()["detail"]


async def test_session_of_another_learner_is_refused(
    client: httpx.AsyncClient,
    world: World,
    lesson: Lesson,
    learner: Account,
    make_account: MakeAccount,
    database: Database,
) -> None:
    other = await make_account("learner", "other@example.edu")
    async with database.read() as session:
        course = await session.get_one(Course, lesson.course_id)
    await world.enrol(course, other)
    assert (
        await client.post(TRACK, json=beat(await token_of(learner, lesson), 0, (0, 5)))
    ).status_code == 200
    stolen = await client.post(TRACK, json=beat(await token_of(other, lesson), 1, (5, 10)))
    assert stolen.status_code == 409
    assert {row.user_id for row in await rows(database, WatchCoverage) if row.covered} == {learner.id}


async def test_staff_is_marked_and_tells_nobody(
    client: httpx.AsyncClient, lesson: Lesson, instructor: Account, held_clock: HeldClock, database: Database
) -> None:
    token = await token_of(instructor, lesson)
    held_clock.advance(seconds=20)
    assert (await client.post(TRACK, json=beat(token, 0, (0, 20)))).status_code == 200
    assert [row.staff for row in await rows(database, VideoAnalytics)] == [True]
    assert await started(database) == await rows(database, ActivityDay) == []


async def test_second_view_counts_after_an_hour(
    client: httpx.AsyncClient, lesson: Lesson, learner: Account, held_clock: HeldClock, database: Database
) -> None:
    for number in range(3):  # at 0, 40 and 80 minutes
        token = await token_of(learner, lesson)
        held_clock.advance(seconds=10)
        answer = await client.post(TRACK, json=beat(token, 0, (0, 10), session=f"{SESSION}{number}"))
        assert answer.status_code == 200
        held_clock.advance(minutes=40)
    assert [row.views for row in await rows(database, WatchCoverage)] == [2]


async def test_nothing_is_recorded_for_a_deleted_person(
    client: httpx.AsyncClient, lesson: Lesson, learner: Account, database: Database
) -> None:
    token = await token_of(learner, lesson)
    assert (await client.post(TRACK, json=beat(token, 0, (0, 5)))).status_code == 200
    async with database.write() as session:
        await session.execute(delete(User).where(User.id == learner.id))
    assert (await client.post(TRACK, json=beat(token, 1, (5, 9)))).status_code == 409
    assert await rows(database, WatchCoverage) == []


async def test_disabled_and_former_learners_report_nothing(
    client: httpx.AsyncClient, lesson: Lesson, learner: Account, held_clock: HeldClock, database: Database
) -> None:
    token = await token_of(learner, lesson)
    for end in (
        update(User).values(disabled_at=held_clock.now()),
        update(Enrolment).values(ended_at=held_clock.now()),
    ):
        assert (await client.post(TRACK, json=beat(token, 0, (0, 5)))).status_code == 200
        async with database.write() as session:
            await session.execute(end)
        assert (await client.post(TRACK, json=beat(token, 1, (5, 9)))).status_code == 409
        async with database.write() as session:
            await session.execute(update(User).values(disabled_at=None))


async def test_players_of_one_person_are_bounded(
    client: httpx.AsyncClient, lesson: Lesson, learner: Account, held_clock: HeldClock, database: Database
) -> None:
    token = await token_of(learner, lesson)

    async def opened(number: int) -> int:
        sent = beat(token, 0, (0, 1), session=f"{SESSION}{number:04d}")
        return (await client.post(TRACK, json=sent)).status_code

    answers = await asyncio.gather(*(opened(number) for number in range(admission.MOST_SESSIONS + 5)))
    assert (answers.count(200), answers.count(409)) == (admission.MOST_SESSIONS, 5)
    assert len(await rows(database, VideoAnalytics)) == admission.MOST_SESSIONS
    held_clock.advance(hours=2)
    assert await opened(9999) == 200


async def test_gaps_and_fragments_are_bounded(
    client: httpx.AsyncClient, lesson: Lesson, learner: Account, held_clock: HeldClock, database: Database
) -> None:
    """Every second heartbeat, each of one tenth of a second, as nobody watches."""
    token = await token_of(learner, lesson)
    for start in range(0, 1000, 50):
        held_clock.advance(seconds=60)
        sent = [beat(token, n * 2, (n * 0.5, n * 0.5 + 0.1)) for n in range(start, start + 50)]
        assert (await client.post(TRACK, json=sent)).status_code == 200
    (session,) = await rows(database, VideoAnalytics)
    (coverage,) = await rows(database, WatchCoverage)
    assert len(session.heartbeats) <= MOST_GAPS
    assert len(session.spans) <= MOST_SPANS
    assert len(coverage.spans) <= MOST_SPANS
    told = await client.post(TRACK, json=beat(token, 5000, (0, 10)))  # what closes gaps is still credited
    assert told.json()["covered_seconds"] > coverage.covered / 10


async def test_one_that_fails_holds_up_no_other(
    client: httpx.AsyncClient, lesson: Lesson, learner: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await token_of(learner, lesson)

    async def broken(
        database: Database, batch: Sequence[Received], now: datetime, noted: Noted
    ) -> list[Outcome]:
        if any(one.heartbeat.seq == 666 for one in batch):
            raise OSError("disk full")
        return await record(database, batch, now, noted)

    monkeypatch.setattr(intake, "record", broken)
    good, bad = await asyncio.gather(
        client.post(TRACK, json=beat(token, 0, (0, 5))), client.post(TRACK, json=beat(token, 666, (0, 5)))
    )
    assert (good.status_code, bad.status_code) == (200, 500)
