"""Poster URLs of lessons, for the lists of other features."""

from collections.abc import Sequence

from sqlalchemy import select

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.signing_keys import live_keys
from server.library.schemas import LessonView
from server.playback.service import media_root
from server.playback.signing import PURPOSE
from storage.database.engine import Database
from storage.database.tables import Lesson
from storage.objects.keys import POSTER


class Posters:
    """Signed poster URLs. The caller has checked that the viewer may see the lessons."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def __call__(self, viewer: Viewer, lessons: Sequence[LessonView]) -> dict[str, str]:
        """URLs by lesson id; lessons without a poster are omitted."""
        wanted = [lesson.id for lesson in lessons if lesson.playable and lesson.video_thumbnail_url]
        if not wanted:
            return {}
        now = self._clock.now()
        keys = await live_keys(self._database, PURPOSE, now)
        async with self._database.read() as session:
            rows = await session.execute(
                select(Lesson.id, Lesson.video_id, Lesson.video_duration_seconds).where(Lesson.id.in_(wanted))
            )
            return {
                lesson_id: media_root(keys[0], video_id, viewer.id, now, duration) + POSTER
                for lesson_id, video_id, duration in rows
                if video_id
            }
