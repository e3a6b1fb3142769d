"""Panels of the learner's page of a lesson: what is still to be watched, and the outline of the course."""

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.web.pages import Panel
from server.learning.completion import completed_lessons, missing_of
from server.learning.discussion.reading import unread
from server.learning.overview import lesson_progress
from server.library import lessons
from storage.database.tables import Course, Lesson, WatchCoverage


async def outline(session: AsyncSession, viewer: Viewer, lesson: Lesson) -> Panel:
    """Step: lessons of the course as the viewer sees them, their progress, and the one that follows."""
    shown = await lessons.shown(session, viewer, lesson.course_id)
    place = next((number for number, other in enumerate(shown) if other.id == lesson.id), len(shown))
    following = shown[place + 1] if place + 1 < len(shown) else None
    ids = [other.id for other in shown]
    done, new = await lesson_progress(session, viewer, ids), await unread(session, viewer, ids)
    return Panel(
        "learning/outline.html",
        {"lesson": lesson, "lessons": shown, "following": following, "progress": done, "unread": new},
    )


async def completion(session: AsyncSession, viewer: Viewer, lesson: Lesson, *, staff: bool) -> Panel | None:
    """Step: whether the viewer has completed the lesson, or what is missing. None for those who teach it."""
    if staff or lesson.video_id is None or not lesson.video_duration_seconds:
        return None
    done = bool(await completed_lessons(session, viewer.id, [lesson.id]))
    course = await session.get_one(Course, lesson.course_id)
    coverage = await session.get(WatchCoverage, (viewer.id, lesson.id))
    left = await missing_of(session, lesson, coverage, course.completion_threshold)
    return Panel(
        "learning/completion.html",
        {"done": done, "left": left, "begun": coverage is not None, "threshold": course.completion_threshold},
    )
