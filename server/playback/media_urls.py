"""Signed addresses of lessons' videos and posters, for the lists and the API of other features."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.library.schemas import LessonView
from server.playback.service import MASTER, media_root
from storage.database.among import among
from storage.database.engine import Database
from storage.database.tables import Lesson
from storage.objects.keys import POSTER, THUMBNAIL

Keys = tuple[bytes, ...]


class MediaUrls:
    """Addresses for one viewer. The caller has checked that the viewer may see the lessons."""

    def __init__(
        self, database: Database, clock: Clock, signing_keys: Callable[[], Awaitable[tuple[bytes, ...]]]
    ) -> None:
        self._database = database
        self._clock = clock
        self._signing_keys = signing_keys

    async def keys(self) -> Keys:
        """Signing keys, asked for before a page's read begins: a pool of readers must not wait for itself."""
        return await self._signing_keys()

    async def posters(
        self, session: AsyncSession, keys: Keys, viewer: Viewer, lessons: Sequence[LessonView]
    ) -> dict[str, str]:
        """Step: addresses of the posters' thumbnails by lesson id; lessons without a poster are omitted."""
        wanted = [lesson for lesson in lessons if lesson.video_thumbnail_url]
        roots = await self._roots(session, keys, viewer, wanted)
        return {lesson_id: root + THUMBNAIL for lesson_id, root in roots.items()}

    async def signed(self, viewer: Viewer, lessons: Sequence[LessonView]) -> list[LessonView]:
        """The lessons with addresses that the viewer can fetch; None where nothing can be played yet."""
        keys = await self.keys()
        async with self._database.read() as session:
            roots = await self._roots(session, keys, viewer, lessons)
        return [_with_root(lesson, roots.get(lesson.id)) for lesson in lessons]

    async def _roots(
        self, session: AsyncSession, keys: Keys, viewer: Viewer, lessons: Sequence[LessonView]
    ) -> dict[str, str]:
        wanted = [lesson.id for lesson in lessons if lesson.playable]
        if not wanted:
            return {}
        key, now = keys[0], self._clock.now()
        rows = await session.execute(
            select(Lesson.id, Lesson.video_id, Lesson.video_duration_seconds).where(
                among(session, Lesson.id, wanted)
            )
        )
        return {
            lesson_id: media_root(key, video_id, viewer.id, now, duration)
            for lesson_id, video_id, duration in rows
            if video_id
        }


def _with_root(lesson: LessonView, root: str | None) -> LessonView:
    return msgspec.structs.replace(
        lesson,
        video_hls_url=root and root + MASTER,
        video_thumbnail_url=root + POSTER if root and lesson.video_thumbnail_url else None,
    )
