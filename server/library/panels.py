"""Outline of a course, as a panel of the pages of its lessons."""

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.web.pages import Panel
from server.library import lessons
from storage.database.tables import Lesson


async def outline(session: AsyncSession, viewer: Viewer, lesson: Lesson) -> Panel:
    """Step: lessons of the course as learners see them, and the one that follows."""
    shown = await lessons.shown(session, viewer, lesson.course_id)
    place = next((number for number, other in enumerate(shown) if other.id == lesson.id), len(shown))
    following = shown[place + 1] if place + 1 < len(shown) else None
    return Panel("library/outline.html", {"lesson": lesson, "lessons": shown, "following": following})
