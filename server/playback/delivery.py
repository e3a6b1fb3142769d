"""Media delivery at `/m/{token}/{video}/{path}`: playlists from the database, files from disk.

Plain ASGI application: no session, no dependency injection, no body through Python
where the web server can send a file itself (the `http.response.pathsend` extension).
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
from litestar.types import HTTPScope, Send

from server.core.clock import Clock
from server.playback import rules, tokens
from server.playback.edge import EdgeCache
from server.playback.playlists import Playlists
from server.playback.signing import SigningKeys
from storage.objects import keys
from storage.objects.store import ObjectMissing, StoreError, StoreFull
from transcoder.packaging.playlist import AUDIO

RETRY_SECONDS = 2  # that somebody in the middle of a lecture waits before the next request
BLOCK = 256 * 1024  # bytes per read for a byte range
IMAGE_SECONDS = 600  # for which browsers keep an image


class Delivery:
    """`delivered` is told the video, the token's scope and the number of every segment that was sent whole:
    of the video's rungs, or of the audio where there is no video."""

    def __init__(
        self,
        *,
        playlists: Playlists,
        edge: EdgeCache,
        signing_keys: SigningKeys,
        clock: Clock,
        delivered: Callable[[str, bytes, int], None],
    ) -> None:
        self.playlists = playlists
        self.edge = edge
        self.signing_keys = signing_keys
        self.clock = clock
        self.delivered = delivered

    async def answer(self, scope: HTTPScope, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            return await _empty(send, 405)
        token, _, rest = scope["path"].strip("/").partition("/")
        video_id, _, path = rest.partition("/")
        now = self.clock.now()
        expires_at = tokens.verify(await self.signing_keys(), token, video_id, now) or tokens.verify(
            await self.signing_keys(refresh=True), token, video_id, now
        )
        kind = rules.content_type(path)
        if expires_at is None:
            return await _empty(send, 403)
        if kind is None:
            return await _empty(send, 404)
        if rules.is_playlist(path):
            return await self._playlist(scope, send, video_id, path, kind)
        whole = await self._file(
            scope, send, keys.video(video_id) + path, kind, max_age=_seconds_until(expires_at, now)
        )
        segment = rules.segment(path) if whole else None
        if segment is not None and (
            segment.rendition != AUDIO or await self.playlists.is_audio_only(video_id)
        ):
            self.delivered(video_id, tokens.scope_of(token), segment.number)

    async def _playlist(self, scope: HTTPScope, send: Send, video_id: str, path: str, kind: str) -> None:
        playlist = await self.playlists.render(video_id, path)
        if playlist is None:
            return await _empty(send, 404)
        body = playlist.text.encode()  # compressed later, like every text response
        # Even a finished playlist is cached only briefly: a new revision has a new URL.
        headers = {"cache-control": "private, max-age=60" if playlist.ended else "no-store"}
        await _start(send, 200, kind, len(body), headers)
        await send(_body(b"" if scope["method"] == "HEAD" else body))

    async def _file(self, scope: HTTPScope, send: Send, key: str, kind: str, *, max_age: int) -> bool:
        """True when the whole file was sent."""
        try:
            path = await self.edge.path(key)
            size = path.stat().st_size
        except ObjectMissing:
            instead = await self._instead(key)
            return await (
                self._file(scope, send, instead, kind, max_age=max_age) if instead else _nothing(send, 404)
            )
        except StoreFull:  # the edge folder has no space: stream from the store
            return await self._stream(scope, send, key, kind)
        except (StoreError, OSError):  # also a file that was evicted since
            return await _later(send)
        headers = {"cache-control": _cached(key, max_age), "accept-ranges": "bytes"}
        try:
            span = rules.span(_header(scope, b"range"), size)
        except rules.Unsatisfiable:
            return await _nothing(send, 416, {"content-range": f"bytes */{size}"})
        if span is not None:
            end = span.start + span.length - 1
            headers["content-range"] = f"bytes {span.start}-{end}/{size}"
        await _start(send, 206 if span else 200, kind, span.length if span else size, headers)
        if scope["method"] == "HEAD":
            await send(_body(b""))
        elif span is None and "http.response.pathsend" in (scope.get("extensions") or {}):
            await send({"type": "http.response.pathsend", "path": str(path)})  # type: ignore[arg-type]
        else:
            await _send_part(send, path, span or rules.Span(0, size))
        return scope["method"] == "GET" and (span is None or span.length == size)

    async def _instead(self, key: str) -> str | None:
        """Key of the object that stands in for a missing one."""
        if poster := keys.poster_instead(key):
            return poster
        video_id, path = keys.video_of(key), keys.path_in_video(key)
        current = await self.playlists.current(video_id, path)
        return keys.video(video_id) + current if current else None

    async def _stream(self, scope: HTTPScope, send: Send, key: str, kind: str) -> bool:
        try:
            info = await self.edge.store.stat(key)
        except StoreError:
            return await _later(send)
        if info is None:
            instead = await self._instead(key)
            return await (self._stream(scope, send, instead, kind) if instead else _nothing(send, 404))
        await _start(send, 200, kind, info.size, {"cache-control": "no-store"})
        if scope["method"] == "GET":
            async for block in self.edge.store.stream(key):
                await send(_body(block, more=True))
        await send(_body(b""))
        return scope["method"] == "GET"


async def _send_part(send: Send, path: Path, span: rules.Span) -> None:
    remaining = span.length
    async with await anyio.open_file(path, "rb") as file:
        await file.seek(span.start)
        while remaining > 0 and (block := await file.read(min(BLOCK, remaining))):
            remaining -= len(block)
            await send(_body(block, more=remaining > 0))
    if span.length == 0:
        await send(_body(b""))


def _cached(key: str, max_age: int) -> str:
    """Images may be made again under their name; what has its attempt in the name never changes."""
    if keys.is_versioned(key):
        return f"public, max-age={max_age}, immutable"
    return f"public, max-age={min(max_age, IMAGE_SECONDS)}"


def _seconds_until(expires_at: datetime, now: datetime) -> int:
    return int((expires_at - now).total_seconds())


def _header(scope: HTTPScope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _nothing(send: Send, status: int, headers: dict[str, str] | None = None) -> bool:
    await _empty(send, status, headers)
    return False


async def _later(send: Send) -> bool:
    """Players ask again after a 503, and take a 404 as final."""
    return await _nothing(send, 503, {"retry-after": str(RETRY_SECONDS)})


async def _empty(send: Send, status: int, headers: dict[str, str] | None = None) -> None:
    """Response without detail, which reveals nothing about a wrong token."""
    await _start(send, status, "text/plain", 0, {"cache-control": "no-store", **(headers or {})})
    await send(_body(b""))


async def _start(send: Send, status: int, kind: str, length: int, headers: dict[str, str]) -> None:
    named = {"content-type": kind, "content-length": str(length), "x-content-type-options": "nosniff"}
    raw = [(name.encode(), value.encode()) for name, value in {**named, **headers}.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


def _body(data: bytes, *, more: bool = False) -> Any:
    return {"type": "http.response.body", "body": data, "more_body": more}
