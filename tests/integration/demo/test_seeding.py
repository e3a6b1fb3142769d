"""The demo on both databases: what is written, that it can be interrupted, and where it is refused."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from server.accounts.signing_in import passwords
from server.analytics.rollups import checking, tasks
from server.analytics.rules import Range, later
from server.core.clock import Clock
from server.core.errors import Conflict
from server.demo.people.members import LEAST
from server.demo.recordings import encoding, sharing
from server.demo.seeding import LogIns, Show, seed
from server.demo.writing import beginning, ending, payments, year
from server.gamification.boards.rebuild import rebuild
from server.services import Services
from server.settings import Settings
from storage.database.engine import Database
from storage.database.tables import (
    Certificate,
    Challenge,
    Course,
    Enrolment,
    LeaderboardRow,
    LearningEvent,
    Lesson,
    Payment,
    PlatformAnalytics,
    Post,
    QuizAttempt,
    Review,
    User,
    UserAchievement,
    UserStats,
    Video,
    VideoAnalytics,
)
from storage.objects import keys
from storage.objects.folder import FolderStore
from storage.states import FactKind, PaymentKind, RevisionState, Role
from tests.fixtures.database import NewSqlite, on_both_databases
from tests.fixtures.web import RecordedQueue
from tests.world.builder import World

pytestmark = pytest.mark.long
NOW = datetime(2026, 11, 27, 15, tzinfo=UTC)
PASSWORD = "a walk along the river"
TABLES: tuple[Any, ...] = (
    *(User, Course, Lesson, Video, Enrolment, LearningEvent, VideoAnalytics, QuizAttempt, Post, Review),
    *(Certificate, Payment, UserAchievement, LeaderboardRow, PlatformAnalytics, Challenge),
)


class Killed(BaseException):
    """The process ended here."""


class Held:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def services(
    settings: Settings, database: Database, folder_store: FolderStore, recorded_queue: RecordedQueue
) -> Services:
    return Services(settings, database, folder_store, recorded_queue)


async def recorded(services: Services, _clock: Clock, _show: Show) -> None:
    """The sample lectures as they are once they are encoded, without an encode."""
    world = World(services.database, lambda: NOW)
    for lesson_id in encoding.sample_lessons():
        async with services.database.read() as session:
            known = await session.get_one(Lesson, lesson_id)
        if known.video_id is None:
            video = await world.video(lesson_id, height=180, seconds=60)
            await services.store.put_bytes(video.source_key, b"original", "video/mp4")
            await services.store.put_bytes(keys.poster(video.id), b"poster", "image/jpeg")


async def write(services: Services) -> LogIns:
    return await seed(services, Held(), people=LEAST, password=PASSWORD, record=recorded)


async def counts(database: Database) -> dict[str, int]:
    async with database.read() as session:
        return {
            table.__tablename__: await session.scalar(select(func.count()).select_from(table)) or 0
            for table in TABLES
        }


async def differences(database: Database) -> int:
    async with database.read() as session:
        first = await tasks.first_day(session)
        current = await tasks.today(session, NOW)
    assert first is not None
    days = Range(first, later(current, -1))
    check = await checking.verify(database, days, Held())
    assert check.days == days.count
    return check.found


STAGES: tuple[tuple[object, str], ...] = (
    (sharing, "share"),
    (year, "write"),
    (year, "write_deliveries"),
    (payments, "write"),
    (ending, "compute"),
    (ending, "finish"),
)


@pytest.fixture(scope="module")
def uninterrupted(new_sqlite: NewSqlite, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Content of a demo that was written in one run."""
    folder = tmp_path_factory.mktemp("demo")

    async def written() -> dict[str, Any]:
        database = new_sqlite(folder / "demo.db")
        settings = Settings(data=folder / "data", ffmpeg="ffmpeg", ffprobe="ffprobe")
        await write(Services(settings, database, FolderStore(folder / "objects"), RecordedQueue()))
        found = await content(database)
        await database.close()
        return found

    return asyncio.run(written())


@on_both_databases
async def test_a_university_with_a_year_of_activity(
    services: Services,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    uninterrupted: dict[str, Any],
) -> None:
    """Written by runs that end twice within the year and before each stage: the result is that of one run."""
    ends = [(year, "publish", _killed_after(calls, year.publish)) for calls in (2, 5)]
    for module, name, end in (*ends, *((module, name, _killed) for module, name in STAGES)):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, end)
            with pytest.raises(Killed):
                await write(services)
    log_ins = await write(services)
    found = await content(database)
    assert found == uninterrupted
    assert (found["users"], found["courses"], found["videos"]) == (LEAST + 1, 40, 60)
    assert all(found.values()), found
    assert await differences(database) == 0
    await assert_everything_is_in_use(database, log_ins)
    await assert_each_lecture_has_objects_of_its_own(services)
    await assert_boards_and_sums_are_those_of_the_ledger(database)
    with pytest.raises(Conflict, match="is there already"):
        await write(services)
    assert await content(database) == found


async def assert_everything_is_in_use(database: Database, log_ins: LogIns) -> None:
    async with database.read() as session:
        kinds = Counter(await session.scalars(select(LearningEvent.kind)))
        paid = set(await session.scalars(select(Payment.kind)))
        people = list(await session.scalars(select(User).where(User.password_hash.is_not(None))))
        videos = list(await session.scalars(select(Video)))
        lessons = list(await session.scalars(select(Lesson)))
        waiting = await session.scalar(select(func.count()).where(UserAchievement.celebrated_at.is_(None)))
    expected = set(FactKind) - {FactKind.POST_DELETED, FactKind.CERTIFICATE_REVOKED}
    assert kinds.keys() == expected
    assert paid >= {PaymentKind.ONE_OFF, PaymentKind.RECURRING, PaymentKind.CHARGE}
    assert {one.email for one in people} == {log_ins.administrator, log_ins.instructor, log_ins.learner}
    assert {one.role for one in people} == set(Role)
    assert all([await passwords.matches(one.password_hash, PASSWORD) for one in people])
    assert {one.state for one in videos} == {RevisionState.READY}
    assert all(one.video_id or one.reading_seconds or one.questions for one in lessons)
    assert not waiting


async def assert_each_lecture_has_objects_of_its_own(services: Services) -> None:
    async with services.database.read() as session:
        rows = (await session.execute(select(Lesson, Video).join(Video, Video.id == Lesson.video_id))).all()
    assert len({video.id for _, video in rows}) == 60
    for lesson, video in rows:
        assert video.lesson_id == lesson.id
        assert lesson.video_hls_url == f"/v/{video.id}/master.m3u8"
        assert lesson.video_thumbnail_url is not None
        assert video.id in lesson.video_thumbnail_url
        assert await services.store.stat(video.source_key)
        assert await services.store.stat(keys.poster(video.id))


async def assert_boards_and_sums_are_those_of_the_ledger(database: Database) -> None:
    assert (await rebuild(database, NOW)).lots == 0  # nothing was wrong
    async with database.read() as session:
        best = await session.scalar(select(func.max(UserStats.longest_streak)))
        settled = list(await session.scalars(select(Challenge.settled_at).order_by(Challenge.first_day)))
    assert best is not None
    assert best >= 14
    assert [one is not None for one in settled] == [True, False, False]


async def _killed(*_arguments: object) -> None:
    raise Killed


async def _nothing(*_arguments: object) -> None:
    """A stage that is left out."""


def _killed_after(calls: int, function: Callable[..., Any]) -> Callable[..., Any]:
    left = [calls]

    async def counted(*arguments: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        await function(*arguments)

    return counted


async def content(database: Database) -> dict[str, Any]:
    """Counts of rows and the sums of people's XP, by their addresses."""
    async with database.read() as session:
        xp = select(User.email, UserStats.total_xp, UserStats.level).join(
            UserStats, UserStats.user_id == User.id
        )
        stats = {email: (total, level) for email, total, level in await session.execute(xp)}
    return {"xp": stats, **await counts(database)}


async def test_refused_where_there_are_people_or_courses(services: Services, database: Database) -> None:
    world = World(database, lambda: NOW)
    await world.person("Ada Lovelace", role=Role.ADMINISTRATOR)
    await world.person("Max Born", role=Role.INSTRUCTOR)
    before = await counts(database)
    with pytest.raises(Conflict, match="it has 1 people besides its first administrator and 0 courses"):
        await write(services)
    assert await counts(database) == before


async def test_refused_where_there_is_a_course(services: Services, database: Database) -> None:
    await World(database, lambda: NOW).course("Optics")
    with pytest.raises(Conflict, match="0 people besides its first administrator and 1 courses"):
        await write(services)


async def test_the_first_administrator_keeps_account_and_institution(
    services: Services, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There without the year and its figures, which do not matter to it."""
    world = World(database, lambda: NOW)
    ada = await world.person("Ada Lovelace", role=Role.ADMINISTRATOR, password=PASSWORD)
    async with database.write() as session:
        await beginning.settle_institution(session, administered=True)
    with monkeypatch.context() as patched:
        patched.setattr(year, "write", _nothing)
        patched.setattr(ending, "compute", _nothing)
        log_ins = await write(services)
    assert log_ins.administrator is None
    async with database.read() as session:
        found = list(await session.scalars(select(User).where(User.role == Role.ADMINISTRATOR)))
    assert [(one.id, one.password_hash) for one in found] == [(ada.id, ada.password_hash)]


async def test_another_size_than_the_one_that_was_begun_is_refused(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(year, "write", _killed)
        with pytest.raises(Killed):
            await write(services)
    with pytest.raises(Conflict, match=f"Run the command with --people {LEAST}"):
        await seed(services, Held(), people=LEAST + 1, password=PASSWORD, record=recorded)
