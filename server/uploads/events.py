"""Live progress: one look at the database a second for each lesson that anybody watches."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import msgspec
import structlog

from server.uploads.progress import LessonProgress

log = structlog.get_logger()

Look = Callable[[str], Awaitable[LessonProgress | None]]

LOOK_EVERY = 1.0  # seconds, while something moves
REST = 2.0  # seconds, while nothing does
HEARTBEAT = 15.0  # seconds of silence that a proxy may take for the end
HEARTBEAT_EVENT = b": still here\n\n"
LIFETIME = 600.0  # seconds; the browser connects again, and what it may see is checked again


class Watch:
    """What is known of one lesson, and who waits for the next change."""

    def __init__(self) -> None:
        self.listeners = 0
        self.version = 0
        self.latest: LessonProgress | None = None
        self.changed = asyncio.Condition()
        self.task: asyncio.Task[None] | None = None

    async def tell(self, progress: LessonProgress | None) -> None:
        if self.version and progress == self.latest:
            return
        async with self.changed:
            self.latest, self.version = progress, self.version + 1
            self.changed.notify_all()


class Hub:
    def __init__(self, look: Look, leaving: asyncio.Event) -> None:
        """`leaving`: the server is about to end, and would otherwise wait for those who listen."""
        self._look = look
        self._leaving = leaving
        self._watches: dict[str, Watch] = {}

    async def changes(self, lesson_id: str) -> AsyncIterator[LessonProgress | None]:
        """The state now and then every change; None is a heartbeat. Ends with the lesson or the server."""
        watch = self._join(lesson_id)
        seen, ends = 0, asyncio.get_running_loop().time() + LIFETIME
        try:
            while asyncio.get_running_loop().time() < ends:
                try:
                    async with asyncio.timeout(HEARTBEAT), watch.changed:
                        while watch.version == seen:
                            await watch.changed.wait()
                        seen = watch.version
                except TimeoutError:
                    yield None
                    continue
                if watch.latest is None:
                    return
                yield watch.latest
        finally:
            self._leave(lesson_id, watch)

    def _join(self, lesson_id: str) -> Watch:
        watch = self._watches.setdefault(lesson_id, Watch())
        watch.listeners += 1
        if watch.task is None:
            watch.task = asyncio.create_task(self._follow(lesson_id, watch))
        return watch

    def _leave(self, lesson_id: str, watch: Watch) -> None:
        watch.listeners -= 1
        if watch.listeners == 0 and watch.task is not None:
            watch.task.cancel()
            self._watches.pop(lesson_id, None)

    async def _follow(self, lesson_id: str, watch: Watch) -> None:
        while not self._leaving.is_set():
            try:
                await watch.tell(await self._look(lesson_id))
            except Exception:
                log.exception("progress cannot be read", lesson_id=lesson_id)
            moving = watch.latest is not None and watch.latest.moving
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY if moving else REST):
                    await self._leaving.wait()
        await watch.tell(None)


def event(progress: LessonProgress) -> bytes:
    """As text/event-stream."""
    return b"data: " + msgspec.json.encode(progress) + b"\n\n"
