"""Everybody who watches a lesson shares one look at it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.uploads import events
from server.uploads.events import Hub
from server.uploads.progress import LessonProgress
from tests.unit.server.uploads.test_wording import progress


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(events, "REST", 0.01)


class Lesson:
    def __init__(self) -> None:
        self.now: LessonProgress | None = progress("waiting")
        self.looks = 0

    async def look(self, _lesson_id: str) -> LessonProgress | None:
        self.looks += 1
        return self.now


async def following(changes: AsyncIterator[LessonProgress | None]) -> LessonProgress | None:
    return await asyncio.wait_for(anext(changes), 5)


async def test_listeners_get_the_state_and_then_its_changes() -> None:
    lesson = Lesson()
    hub = Hub(lesson.look, asyncio.Event())
    one, two = hub.changes("x"), hub.changes("x")
    assert await following(one) == await following(two) == lesson.now
    lesson.now = progress("encoding", progress=3)
    assert await following(one) == await following(two) == lesson.now
    await one.aclose()  # type: ignore[attr-defined]
    await two.aclose()  # type: ignore[attr-defined]
    looks = lesson.looks
    await asyncio.sleep(0.1)
    assert lesson.looks == looks  # nobody listens, nobody looks


async def test_it_ends_with_the_lesson() -> None:
    lesson = Lesson()
    changes = Hub(lesson.look, asyncio.Event()).changes("x")
    await following(changes)
    lesson.now = None
    with pytest.raises(StopAsyncIteration):
        await following(changes)


async def test_it_ends_with_the_server() -> None:
    leaving = asyncio.Event()
    changes = Hub(Lesson().look, leaving).changes("x")
    await following(changes)
    leaving.set()
    with pytest.raises(StopAsyncIteration):
        await following(changes)


async def test_silence_is_broken_by_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    changes = Hub(Lesson().look, asyncio.Event()).changes("x")
    assert await following(changes) is not None
    assert await following(changes) is None
    await changes.aclose()  # type: ignore[attr-defined]


async def test_a_failing_look_is_tried_again() -> None:
    lesson, failed = Lesson(), asyncio.Event()

    async def look(lesson_id: str) -> LessonProgress | None:
        if not failed.is_set():
            failed.set()
            raise OSError("the database is away")
        return await lesson.look(lesson_id)

    changes = Hub(look, asyncio.Event()).changes("x")
    assert await following(changes) == lesson.now
    await changes.aclose()  # type: ignore[attr-defined]
