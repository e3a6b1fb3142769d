"""Playlists rendered from the database, cached for as long as they are valid."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from server.playback import rules
from server.playback.published import Published, published
from storage.database.engine import Database
from storage.database.tables import Video
from storage.objects import keys
from transcoder.packaging import playlist

MENDED_SECONDS = 5.0  # after which a finished video is asked whether parts of it were made again
GROWING_SECONDS = 1.0  # cache lifetime: players that reload together cost one query a second
KEPT = 64  # revisions; a two-hour one takes about 300 kB, its playlists as much again


class Rendered(NamedTuple):
    text: str
    ended: bool


class Known(NamedTuple):
    read_at: float
    published: Published | None
    mended_at: datetime | None
    texts: dict[str, str]  # by path, once requested: a master of two hours takes 10 ms to render


NOTHING = Known(float("-inf"), None, None, {})


class Playlists:
    def __init__(self, database: Database, monotonic: Callable[[], float]) -> None:
        self.database = database
        self.monotonic = monotonic
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def render(self, video_id: str, path: str) -> Rendered | None:
        """Playlist text. None when there is no such playlist, or nothing is playable yet."""
        _, known, _, texts = await self._look_up(video_id)
        if known is None or not known.playable:
            return None
        text = texts.get(path) or rendered(known, path)
        if text is None:
            return None
        texts[path] = text
        return Rendered(text, known.ended)

    async def current(self, video_id: str, path: str) -> str | None:
        """Path of the segment that has taken the place of this one, which was made again: players that have
        an older playlist ask for it. None when there is none."""
        asked = rules.segment(path)
        known = (await self._look_up(video_id)).published if asked else None
        if asked is None or known is None:
            return None
        for part in known.parts(asked.rendition):
            if any(segment.number == asked.number for segment in part.segments):
                now = f"{asked.rendition}/{keys.segment_name(asked.number, part.attempt)}"
                return now if now != path else None
        return None

    async def is_audio_only(self, video_id: str) -> bool:
        known = (await self._look_up(video_id)).published
        return known is not None and known.plan.video is None

    async def _look_up(self, video_id: str) -> Known:
        lock = self._locks.setdefault(video_id, asyncio.Lock())
        async with lock:
            known = self._known.get(video_id, NOTHING)
            ended = known.published is not None and known.published.ended
            if self.monotonic() - known.read_at >= (MENDED_SECONDS if ended else GROWING_SECONDS):
                known = await self._read(video_id, known, ended=ended)
                self._keep(video_id, known)
        if not lock.locked():
            self._locks.pop(video_id, None)
        return known

    async def _read(self, video_id: str, known: Known, *, ended: bool) -> Known:
        """What is published now. Of a finished video only a moment is read, unless parts were made again;
        while the database is away it stays as it was."""
        now = self.monotonic()
        try:
            async with self.database.read() as session:
                mended_at = await session.scalar(select(Video.mended_at).where(Video.id == video_id))
                if ended and mended_at == known.mended_at:
                    return known._replace(read_at=now)
                return Known(now, await published(session, video_id), mended_at, {})
        except (SQLAlchemyError, OSError):
            if not ended:
                raise
            return known._replace(read_at=now)

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
