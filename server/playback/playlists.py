"""Playlists rendered from the database, cached for as long as they are valid."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from server.playback.published import Published, published
from storage.database.engine import Database
from transcoder.packaging import playlist

GROWING_SECONDS = 1.0  # cache lifetime: players that reload together cost one query a second
KEPT = 64  # revisions; a two-hour one takes about 300 kB, its playlists as much again


class Rendered(NamedTuple):
    text: str
    ended: bool


class Known(NamedTuple):
    read_at: float
    published: Published | None
    texts: dict[str, str]  # by path, once requested: a master of two hours takes 10 ms to render


NOTHING = Known(float("-inf"), None, {})


class Playlists:
    def __init__(self, database: Database, monotonic: Callable[[], float]) -> None:
        self.database = database
        self.monotonic = monotonic
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def render(self, video_id: str, path: str) -> Rendered | None:
        """Playlist text. None when there is no such playlist, or nothing is playable yet."""
        _, known, texts = await self._look_up(video_id)
        if known is None or not known.playable:
            return None
        text = texts.get(path) or rendered(known, path)
        if text is None:
            return None
        texts[path] = text
        return Rendered(text, known.ended)

    async def is_audio_only(self, video_id: str) -> bool:
        known = (await self._look_up(video_id)).published
        return known is not None and known.plan.video is None

    async def _look_up(self, video_id: str) -> Known:
        lock = self._locks.setdefault(video_id, asyncio.Lock())
        async with lock:
            known = self._known.get(video_id, NOTHING)
            fresh = known.published is not None and known.published.ended
            if not fresh and self.monotonic() - known.read_at >= GROWING_SECONDS:
                async with self.database.read() as session:
                    known = Known(self.monotonic(), await published(session, video_id), {})
                self._keep(video_id, known)
        if not lock.locked():
            self._locks.pop(video_id, None)
        return known

    def _keep(self, video_id: str, known: Known) -> None:
        self._known[video_id] = known
        self._known.move_to_end(video_id)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)


def rendered(known: Published, path: str) -> str | None:
    """Playlist at this path. None when the lecture has no such playlist."""
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
