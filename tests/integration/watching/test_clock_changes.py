"""The server's clock is set an hour forward or back: watching goes on, and nothing counts twice."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from server.playback.tokens import scope
from server.watching.deliveries import Deliveries
from storage.database.engine import Database
from storage.database.tables import (
    ActivityDay,
    Certificate,
    CertificateSettings,
    Course,
    LearningEvent,
    Lesson,
    VideoAnalytics,
    WatchAllowance,
    WatchCoverage,
)
from storage.states import FactKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.integration.watching.test_heartbeats import TRACK, beat, rows, token_of
from tests.world.builder import World

pytestmark = on_both_databases

SECONDS = 900
CLIENTS = 1e12  # the viewer's clock, in milliseconds
Watch = Callable[..., Awaitable[None]]


@pytest.fixture
async def lesson(
    app: Litestar, world: World, instructor: Account, learner: Account, database: Database
) -> Lesson:
    """15 minutes, the only lesson of a course that gives certificates; every segment was delivered."""
    course = await world.course("C", instructors=[instructor], learners=[learner])
    lesson = await world.lesson(course, "L")
    video = await world.video(lesson, seconds=SECONDS)
    async with database.write() as session:
        session.add(CertificateSettings(course_id=course.id, given=True, changed_at=world.now()))
    deliveries: Deliveries = app.state["deliveries"]
    for number in range(SECONDS // 6):
        deliveries.note(video.id, scope(learner.id), number)
    await deliveries.write()
    return await world.reload(lesson)


@pytest.fixture
def watch(client: httpx.AsyncClient, held_clock: HeldClock) -> Watch:
    """Watch at normal speed from one second to another: a heartbeat every ten seconds, sent every minute."""

    async def watch(token: str, session: str, start: int, end: int) -> None:
        for minute in range(start, end, 60):
            held_clock.advance(seconds=60)
            sent = [
                beat(
                    token, at // 10, (at, at + 10), session=session, event={"at": CLIENTS + (at + 10) * 1000}
                )
                | {"sent_at": CLIENTS + (minute + 60) * 1000}
                for at in range(minute, minute + 60, 10)
            ]
            answer = await client.post(TRACK, json=sent)
            assert answer.status_code == 200, answer.text

    return watch


@pytest.mark.parametrize("hours", [-1, 1])
async def test_watching_goes_on(
    lesson: Lesson, learner: Account, watch: Watch, held_clock: HeldClock, database: Database, hours: int
) -> None:
    """In a page that was open before, and in another one."""
    token = await token_of(learner, lesson)
    await watch(token, "a" * 16, 0, 300)
    held_clock.advance(hours=hours)
    await watch(token, "a" * 16, 300, 600)
    await watch(await token_of(learner, lesson), "b" * 16, 600, 900)
    (coverage,) = await rows(database, WatchCoverage)
    (allowance,) = await rows(database, WatchAllowance)
    assert (coverage.covered, allowance.dropped) == (9000, 0)
    assert abs((coverage.last_at - held_clock.now()).total_seconds()) < 1
    watched = {row.id[0]: row.watch_seconds for row in await rows(database, VideoAnalytics)}
    assert watched["a"] >= 550  # of the first report after the change, what jitter is given
    assert watched["b"] == 300


async def test_page_opened_before_the_clock_was_set_back_counts(
    lesson: Lesson, learner: Account, watch: Watch, held_clock: HeldClock, database: Database
) -> None:
    token = await token_of(learner, lesson)
    held_clock.advance(hours=-1)
    await watch(token, "a" * 16, 0, 300)
    (coverage,) = await rows(database, WatchCoverage)
    (session,) = await rows(database, VideoAnalytics)
    assert (coverage.covered, coverage.views) == (3000, 1)
    assert session.watch_seconds >= 250
    assert len(await rows(database, ActivityDay)) == 1


@pytest.mark.parametrize("changes", [(1, -1), (-1, 1)])
async def test_nothing_is_completed_or_issued_twice(
    lesson: Lesson,
    learner: Account,
    watch: Watch,
    held_clock: HeldClock,
    database: Database,
    changes: tuple[int, int],
) -> None:
    token = await token_of(learner, lesson)
    await watch(token, "a" * 16, 0, 480)
    held_clock.advance(hours=changes[0])
    await watch(token, "a" * 16, 480, 900)
    held_clock.advance(hours=changes[1])
    await watch(token, "a" * 16, 0, 900)  # the same heartbeats again
    await watch(await token_of(learner, lesson), "b" * 16, 0, 900)
    again = await learner.api.post(f"/api/lessons/{lesson.id}/complete")
    assert again.json()["course_completed"] is True
    async with database.read() as session:
        of_learning = LearningEvent.kind != FactKind.ACHIEVEMENT_UNLOCKED
        kinds = await session.scalars(
            select(LearningEvent.kind).where(of_learning).order_by(LearningEvent.id)
        )
        assert [str(kind) for kind in kinds if kind != "enrolled"] == [
            "lesson_started",
            "course_started",
            "lesson_completed",
            "course_halfway",
            "course_completed",
            "certificate_issued",
        ]
        assert len((await session.scalars(select(Certificate))).all()) == 1


async def test_active_days_follow_the_clock(
    world: World, lesson: Lesson, learner: Account, watch: Watch, held_clock: HeldClock, database: Database
) -> None:
    """Half past eleven in the evening on a clock that is an hour fast, and then set right."""
    text = await world.lesson(await _course(world, lesson), "T", text="A word.")
    held_clock.advance(hours=15.5)  # 0:30 of the 23rd, in truth 23:30 of the 22nd
    token = await token_of(learner, lesson)
    assert (await learner.api.get(f"/api/lessons/{text.id}/text")).status_code == 200
    await watch(token, "a" * 16, 0, 60)
    assert await _days(database) == ["2026-11-23"]
    held_clock.advance(hours=-1)
    assert (await learner.api.get(f"/api/lessons/{text.id}/text")).status_code == 200
    assert await _days(database) == ["2026-11-22", "2026-11-23"]
    await watch(token, "a" * 16, 60, 120)
    held_clock.advance(hours=1)
    await watch(token, "a" * 16, 120, 180)
    assert await _days(database) == ["2026-11-22", "2026-11-23"]


async def _course(world: World, lesson: Lesson) -> Course:
    async with world.database.read() as session:
        return await session.get_one(Course, lesson.course_id)


async def _days(database: Database) -> list[str]:
    return sorted(row.day for row in await rows(database, ActivityDay))
