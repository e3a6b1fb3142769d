"""Interface of signed media addresses. Playback implements it and `server.app` binds it, because this
feature must not import a later one."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from server.accounts.identity import Viewer
from server.library.schemas import LessonView


@runtime_checkable  # Litestar checks the type of what it injects
class MediaUrls(Protocol):
    async def posters(self, viewer: Viewer, lessons: Sequence[LessonView]) -> dict[str, str]:
        """Poster addresses by lesson id."""
        ...

    async def signed(self, viewer: Viewer, lessons: Sequence[LessonView]) -> list[LessonView]:
        """The lessons with addresses that the viewer can fetch."""
        ...
