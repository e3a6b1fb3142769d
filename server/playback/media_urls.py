"""Signed addresses of lessons' videos and posters, for the lists and the API of other features."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.library.schemas import LessonView
from server.playback.service import MASTER, media_root
from storage.objects.keys import POSTER, THUMBNAIL

Keys = tuple[bytes, ...]


class MediaUrls:
    """Addresses for one viewer. The caller has checked that the viewer may see the lessons."""

    def __init__(self, clock: Clock, signing_keys: Callable[[], Awaitable[tuple[bytes, ...]]]) -> None:
        self._clock = clock
        self._signing_keys = signing_keys

    async def keys(self) -> Keys:
        """Signing keys, asked for before a page's read begins: a pool of readers must not wait for itself."""
        return await self._signing_keys()

    def posters(self, keys: Keys, viewer: Viewer, lessons: Sequence[LessonView]) -> dict[str, str]:
        """Addresses of the posters' thumbnails by lesson id; lessons without a poster are omitted."""
        roots = self._roots(keys, viewer, [lesson for lesson in lessons if lesson.video_thumbnail_url])
        return {lesson_id: root + THUMBNAIL for lesson_id, root in roots.items()}

    async def signed(self, viewer: Viewer, lessons: Sequence[LessonView]) -> list[LessonView]:
        """The lessons with addresses that the viewer can fetch; None where nothing can be played yet."""
        roots = self._roots(await self.keys(), viewer, lessons)
        return [_with_root(lesson, roots.get(lesson.id)) for lesson in lessons]

    def _roots(self, keys: Keys, viewer: Viewer, lessons: Sequence[LessonView]) -> dict[str, str]:
        now = self._clock.now()
        return {
            lesson.id: media_root(keys[0], lesson.video_id, viewer.id, now, lesson.video_duration_seconds)
            for lesson in lessons
            if lesson.video_id is not None
        }


def _with_root(lesson: LessonView, root: str | None) -> LessonView:
    return msgspec.structs.replace(
        lesson,
        video_hls_url=root and root + MASTER,
        video_thumbnail_url=root + POSTER if root and lesson.video_thumbnail_url else None,
    )
