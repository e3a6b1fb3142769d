"""Server-sent events by topic: one look at the state for all who follow the topic.

Each open stream holds one of the server's places for requests, so that their number is bounded, also for each
person.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

import msgspec
import structlog

from server.core.errors import TooManyRequests
from storage.messages import N_

log = structlog.get_logger()

State = TypeVar("State")

ACTIVE_SECONDS = 1.0  # between two looks while the state is changing
IDLE_SECONDS = 2.0  # between two looks while it is not
HEARTBEAT_SECONDS = 15.0  # of silence; proxies close connections that are silent for longer
HEARTBEAT = b": heartbeat\n\n"
STREAMS = 1024  # of this process
STREAMS_PER_PERSON = 12  # open tabs and devices
LIFETIME_SECONDS = 600.0  # the browser connects again, and its permissions are checked again


class Source(Generic[State]):
    """Where a topic's state comes from. `look` gives None when the topic has ended."""

    def __init__(
        self, look: Callable[[], Awaitable[State | None]], is_active: Callable[[State], bool]
    ) -> None:
        self.look = look
        self.is_active = is_active


class Topic:
    """The latest state of one topic and the tasks that wait for its next change."""

    def __init__(self) -> None:
        self.followers = 0
        self.version = 0
        self.latest: Any = None
        self.changed = asyncio.Condition()
        self.task: asyncio.Task[None] | None = None

    async def update(self, state: object) -> None:
        if self.version and state == self.latest:
            return
        async with self.changed:
            self.latest, self.version = state, self.version + 1
            self.changed.notify_all()


class Hub:
    """Topics of this process. `stopping` is set when the server shuts down: every stream then ends."""

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping
        self._topics: dict[str, Topic] = {}
        self._streams: Counter[str] = Counter()  # by person

    def require_room(self, person: str) -> None:
        """Raises TooManyRequests, before the response begins: a stream cannot refuse."""
        if self._streams[person] >= STREAMS_PER_PERSON or self._streams.total() >= STREAMS:
            raise TooManyRequests(N_("Too many pages with live progress are open. Close some of them."))

    async def changes(self, name: str, source: Source[State], person: str) -> AsyncIterator[State | None]:
        """The state now and at every change; None is a heartbeat. Ends with the topic or the server."""
        topic = self._join(name, source)
        self._streams[person] += 1
        seen, ends = 0, asyncio.get_running_loop().time() + LIFETIME_SECONDS
        try:
            while asyncio.get_running_loop().time() < ends:
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS), topic.changed:
                        while topic.version == seen:
                            await topic.changed.wait()
                        seen = topic.version
                except TimeoutError:
                    yield None
                    continue
                if topic.latest is None:
                    return
                yield topic.latest
        finally:
            self._leave(name, topic)
            self._streams[person] -= 1
            if not self._streams[person]:
                del self._streams[person]

    def _join(self, name: str, source: Source[State]) -> Topic:
        topic = self._topics.setdefault(name, Topic())
        topic.followers += 1
        if topic.task is None:
            topic.task = asyncio.create_task(self._poll(name, topic, source))
        return topic

    def _leave(self, name: str, topic: Topic) -> None:
        topic.followers -= 1
        if topic.followers == 0 and topic.task is not None:
            topic.task.cancel()
            self._topics.pop(name, None)

    async def _poll(self, name: str, topic: Topic, source: Source[State]) -> None:
        while not self._stopping.is_set():
            try:
                await topic.update(await source.look())
            except Exception:
                log.exception("topic could not be read", topic=name)
            active = topic.latest is not None and source.is_active(topic.latest)
            with suppress(TimeoutError):
                async with asyncio.timeout(ACTIVE_SECONDS if active else IDLE_SECONDS):
                    await self._stopping.wait()
        await topic.update(None)


def event(state: object) -> bytes:
    """One `data:` event of text/event-stream, as JSON."""
    return b"data: " + msgspec.json.encode(state) + b"\n\n"
