"""Heartbeats of players: `POST /api/video/track-watch`, answered after the commit.

Plain ASGI application: no session, no dependency injection. Whoever has a valid watch token may report; the
token travels in the body, because a beacon cannot set headers.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import Any

import msgspec
import structlog
from litestar.exceptions import MethodNotAllowedException
from litestar.types import HTTPScope, Receive, Send
from sqlalchemy.exc import InterfaceError, OperationalError

from server.core.clock import Clock
from server.core.errors import Conflict, Forbidden, Invalid, TooLarge, Unavailable
from server.playback.signing import SigningKeys
from server.watching import tokens
from server.watching.heartbeats.recording import Noted, Outcome, record
from server.watching.schemas import Heartbeat, Received, Recorded, Refused
from storage.database.engine import Database, DatabaseUnreachable
from storage.messages import N_

log = structlog.get_logger(__name__)

MOST_BYTES = 60_000  # of a request; a beacon may have 64 KiB
MOST_WAITING = 4_000  # heartbeats; more are refused until the database keeps up
BATCH = 400  # heartbeats in one transaction
PAUSE_SECONDS = 0.05  # from one transaction to the next, in which heartbeats gather

_decoder = msgspec.json.Decoder(Heartbeat | list[Heartbeat])
MOST_HEARTBEATS = 50  # in one request
MOST_EVENTS = 250  # in all of them


Waiting = tuple[Received, asyncio.Future[Outcome]]
AWAY = (DatabaseUnreachable, InterfaceError, OperationalError, TimeoutError)


class Intake:
    """Heartbeats that wait for the next group commit. One commit at a time."""

    def __init__(self, database: Database, signing_keys: SigningKeys, clock: Clock) -> None:
        self._database, self._signing_keys, self._clock = database, signing_keys, clock
        self._waiting: deque[Waiting] = deque()
        self._noted = Noted()
        self._task: asyncio.Task[None] | None = None

    async def add(self, received: Sequence[Received]) -> list[Recorded]:
        """Record heartbeats with whatever else arrives meanwhile. Raises Conflict for one that is refused,
        after all have been tried, and what the database raises."""
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in received]
        self._waiting.extend(zip(received, futures, strict=True))
        if self._task is None:
            self._task = loop.create_task(self._commit())
        outcomes = [await futures[0]] if len(futures) == 1 else await asyncio.gather(*futures)
        for outcome in outcomes:
            if isinstance(outcome, Refused):
                raise Conflict(outcome.reason)
        return [outcome for outcome in outcomes if isinstance(outcome, Recorded)]

    async def _verified(self, heartbeats: Sequence[Heartbeat]) -> list[Received]:
        """With their tokens. Raises Forbidden when one is not valid, or is for another lesson."""
        now, keys = self._clock.now(), await self._signing_keys()
        found = []
        for heartbeat in heartbeats:
            token = tokens.verify(keys, heartbeat.token, now) or tokens.verify(
                await self._signing_keys(refresh=True), heartbeat.token, now
            )
            if token is None or heartbeat.lesson_id not in ("", token.lesson_id):
                raise Forbidden(N_("The watch token is not valid. Open the lesson again."))
            found.append(Received(heartbeat, token, now))
        return found

    async def _commit(self) -> None:
        try:
            begun = 0.0
            while self._waiting:
                await asyncio.sleep(max(0.0, begun + PAUSE_SECONDS - monotonic()))
                begun = monotonic()
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                await self._record(batch)
        finally:  # whatever ends it: the next heartbeat starts another
            self._task = None

    async def _record(self, batch: Sequence[Waiting]) -> None:
        """All together; one by one when that fails, so that one that cannot be recorded, as of a person
        deleted just now, holds up no other. Not while the database is away: each would wait for it."""
        try:
            outcomes = await record(self._database, [one for one, _ in batch], self._clock.now(), self._noted)
        except Exception as error:
            log.warning("heartbeats not recorded", count=len(batch), error=repr(error))
            if len(batch) > 1 and not isinstance(error, AWAY):
                for one in batch:
                    await self._record([one])
                return
            _settle(batch, error)
        else:
            for one, outcome in zip(batch, outcomes, strict=True):
                _settle([one], outcome)

    async def recorded(self, body: bytes) -> bytes:
        """Record the heartbeats of a request; the JSON that it is answered with. Raises Problem."""
        given = _decoded(body)
        received = await self._verified(given if isinstance(given, list) else [given])
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable(N_("Too many people are watching just now. Send it again in some seconds."))
        recorded = await self.add(received)
        return msgspec.json.encode(recorded if isinstance(given, list) else recorded[0])

    async def answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Raises Problem: the application's handlers render it."""
        if scope["method"] != "POST":
            raise MethodNotAllowedException(headers={"Allow": "POST"})
        await send_recorded(send, await self.recorded(await _body(receive)))


def _settle(batch: Sequence[Waiting], result: Outcome | Exception) -> None:
    """Answer those whose client is still there."""
    for _, future in batch:
        if future.done():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)


def _decoded(body: bytes) -> Heartbeat | list[Heartbeat]:
    try:
        given: Heartbeat | list[Heartbeat] = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(N_("This is no heartbeat: %(reason)s."), reason=str(error)) from None
    if isinstance(given, list) and len(given) > MOST_HEARTBEATS:
        raise Invalid(N_("At most %(count)s heartbeats are taken at once."), count=MOST_HEARTBEATS)
    if isinstance(given, list) and sum(len(one.events) for one in given) > MOST_EVENTS:
        raise Invalid(N_("At most %(count)s spans are taken at once."), count=MOST_EVENTS)
    return given


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            raise TooLarge(N_("A heartbeat has at most %(count)s bytes."), count=MOST_BYTES)
        if not message.get("more_body", False):
            return b"".join(parts)


async def send_recorded(send: Send, body: bytes) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    sent: Any = {"type": "http.response.body", "body": body, "more_body": False}
    await send(sent)
