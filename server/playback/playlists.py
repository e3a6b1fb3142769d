"""Playlists rendered from the rows, kept for as long as they can be right."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from server.playback.published import Published, published
from storage.database.engine import Database
from transcoder import playlist

GROWING_SECONDS = 1.0  # a class of players reloading together costs one query a second
KEPT = 128  # revisions; a two-hour one takes about 300 kB


class Rendered(NamedTuple):
    text: str
    ended: bool


class Playlists:
    def __init__(self, database: Database, monotonic: Callable[[], float]) -> None:
        self.database = database
        self.monotonic = monotonic
        self._known: OrderedDict[str, tuple[float, Published | None]] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def render(self, video_id: str, path: str) -> Rendered | None:
        """None when there is no such playlist, or nothing to play yet."""
        known = await self._published(video_id)
        if known is None or not known.playable:
            return None
        text = _render(known, path)
        return Rendered(text, known.ended) if text is not None else None

    async def _published(self, video_id: str) -> Published | None:
        lock = self._locks.setdefault(video_id, asyncio.Lock())
        async with lock:
            read_at, known = self._known.get(video_id, (float("-inf"), None))
            fresh = known is not None and known.ended
            if not fresh and self.monotonic() - read_at >= GROWING_SECONDS:
                async with self.database.read() as session:
                    known = await published(session, video_id)
                self._keep(video_id, known)
        if not lock.locked():
            self._locks.pop(video_id, None)
        return known

    def _keep(self, video_id: str, known: Published | None) -> None:
        self._known[video_id] = (self.monotonic(), known)
        self._known.move_to_end(video_id)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)


def _render(known: Published, path: str) -> str | None:
    if path == "master.m3u8":
        return playlist.master(known.plan, known.chunks, known.audio)
    rendition, _, name = path.partition("/")
    parts = known.parts(rendition)
    if not parts:
        return None
    if name == "index.m3u8":
        return playlist.media(known.plan, rendition, parts, known.ended)
    return (
        playlist.iframes(known.plan, rendition, parts, known.ended) if rendition != playlist.AUDIO else None
    )
