"""Event streams by topic: one poll of the state for all followers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from server.core import live
from server.core.errors import TooManyRequests
from server.core.live import STREAMS_PER_PERSON, Hub, Source
from server.encoding.progress import LessonProgress
from tests.unit.server.encoding.test_presentation import progress


@pytest.fixture(autouse=True)
def short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ACTIVE_SECONDS", 0.01)
    monkeypatch.setattr(live, "IDLE_SECONDS", 0.01)


class Lesson:
    def __init__(self) -> None:
        self.now: LessonProgress | None = progress("waiting")
        self.looks = 0

    async def look(self) -> LessonProgress | None:
        self.looks += 1
        return self.now


def changes_of(
    look: Callable[[], Awaitable[LessonProgress | None]], stopping: asyncio.Event | None = None
) -> AsyncIterator[LessonProgress | None]:
    return Hub(stopping or asyncio.Event()).changes("x", source(look), "ada")


def source(look: Callable[[], Awaitable[LessonProgress | None]]) -> Source[LessonProgress]:
    return Source(look, lambda seen: seen.moving)


async def next_of(changes: AsyncIterator[LessonProgress | None]) -> LessonProgress | None:
    return await asyncio.wait_for(anext(changes), 5)


async def test_followers_get_the_state_and_its_changes() -> None:
    lesson = Lesson()
    hub = Hub(asyncio.Event())
    one = hub.changes("x", source(lesson.look), "ada")
    two = hub.changes("x", source(lesson.look), "bob")
    assert await next_of(one) == await next_of(two) == lesson.now
    lesson.now = progress("encoding", progress=3)
    assert await next_of(one) == await next_of(two) == lesson.now
    await one.aclose()  # type: ignore[attr-defined]
    await two.aclose()  # type: ignore[attr-defined]
    looks = lesson.looks
    await asyncio.sleep(0.1)
    assert lesson.looks == looks  # no polling without followers


async def test_stream_ends_when_the_topic_ends() -> None:
    lesson = Lesson()
    changes = changes_of(lesson.look)
    await next_of(changes)
    lesson.now = None
    with pytest.raises(StopAsyncIteration):
        await next_of(changes)


async def test_stream_ends_at_shutdown() -> None:
    stopping = asyncio.Event()
    changes = changes_of(Lesson().look, stopping)
    await next_of(changes)
    stopping.set()
    with pytest.raises(StopAsyncIteration):
        await next_of(changes)


async def test_heartbeat_is_sent_when_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    changes = changes_of(Lesson().look)
    assert await next_of(changes) is not None
    assert await next_of(changes) is None
    await changes.aclose()  # type: ignore[attr-defined]


async def test_failed_poll_is_retried() -> None:
    lesson, failed = Lesson(), asyncio.Event()

    async def look() -> LessonProgress | None:
        if not failed.is_set():
            failed.set()
            raise OSError("the database is unreachable")
        return await lesson.look()

    changes = changes_of(look)
    assert await next_of(changes) == lesson.now
    await changes.aclose()  # type: ignore[attr-defined]


async def test_streams_of_one_person_are_bounded() -> None:
    hub, lesson = Hub(asyncio.Event()), Lesson()
    streams = []
    for _ in range(STREAMS_PER_PERSON):
        hub.require_room("ada")
        stream = hub.changes("x", source(lesson.look), "ada")
        await next_of(stream)
        streams.append(stream)
    with pytest.raises(TooManyRequests):
        hub.require_room("ada")
    hub.require_room("bob")
    await streams[0].aclose()  # type: ignore[attr-defined]
    hub.require_room("ada")
    for stream in streams[1:]:
        await stream.aclose()  # type: ignore[attr-defined]
