"""Panels of a lesson's pages: the outline of its course, and the form with its texts."""

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.web.forms import Form
from server.core.web.pages import Panel
from server.library import lessons
from server.library.schemas import LessonView
from storage.database.tables import Lesson


async def outline(session: AsyncSession, viewer: Viewer, lesson: Lesson) -> Panel:
    """Step: lessons of the course as learners see them, and the one that follows."""
    shown = await lessons.shown(session, viewer, lesson.course_id)
    place = next((number for number, other in enumerate(shown) if other.id == lesson.id), len(shown))
    following = shown[place + 1] if place + 1 < len(shown) else None
    return Panel("library/outline.html", {"lesson": lesson, "lessons": shown, "following": following})


def details(lesson: LessonView, form: Form, time_zone: str) -> Panel:
    """`form`: what was typed; `time_zone`: of the moments in a conflict."""
    return Panel("library/lesson_details.html", {"lesson": lesson, "form": form, "time_zone": time_zone})
