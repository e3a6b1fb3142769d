"""Panels of a lesson's pages: what is left to watch, the course's outline, text and attachments."""

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.web.forms import Form
from server.core.web.pages import Panel
from server.learning.completion import completed_lessons, missing_of
from server.learning.discussion.reading import unread
from server.learning.files import service as files
from server.learning.files.context import FileContext
from server.learning.files.rules import TYPES
from server.learning.overview import lesson_progress
from server.learning.texts import service as texts
from server.library import courses, lessons
from server.library.schemas import LessonView
from storage.database.tables import Course, Lesson, WatchCoverage
from storage.states import FileKind


async def outline(session: AsyncSession, viewer: Viewer, lesson: Lesson) -> Panel:
    """Step: lessons of the course as the viewer sees them, their progress, and the one that follows."""
    course = await courses.shown(session, viewer, lesson.course_id)
    shown = await lessons.shown(session, course)
    ids = [other.id for other in shown]
    done, new = await lesson_progress(session, viewer, ids), await unread(session, viewer, ids)
    return Panel(
        "learning/outline.html",
        {
            "lesson": lesson,
            "lessons": shown,
            "following": lessons.following(shown, lesson.id),
            "progress": done,
            "unread": new,
        },
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


async def text(session: AsyncSession, viewer: Viewer, lesson: Lesson, *, staff: bool) -> Panel:
    """Step: text of a lesson, and the button that completes it."""
    saved = await texts.text_of(session, lesson.id)
    html = (await texts.render(saved.markdown)).html
    done = not staff and bool(await completed_lessons(session, viewer.id, [lesson.id]))
    return Panel("learning/text.html", {"lesson": lesson, "html": html, "done": done, "staff": staff})


async def attachments(session: AsyncSession, lesson: Lesson) -> Panel | None:
    """Step: attachments of a lesson for download; None without any."""
    shown = await files.of_lesson(session, lesson.id, FileKind.ATTACHMENT)
    return Panel("learning/attachments.html", {"files": shown}) if shown else None


async def text_editor(
    session: AsyncSession,
    lesson: LessonView,
    form: Form,
    *,
    context: FileContext,
    time_zone: str,
    preview: str | None,
) -> Panel:
    """Step: form of a lesson's text, and its pictures. `preview`: Markdown to be shown as learners see it."""
    saved = await texts.text_of(session, lesson.id)
    return Panel(
        "learning/text_editor.html",
        {
            "lesson": lesson,
            "form": form,
            "text": saved,
            "preview": None if preview is None else (await texts.render(preview)).html,
            "pictures": await files.of_lesson(session, lesson.id, FileKind.PICTURE),
            "limits": context.limits[FileKind.PICTURE],
            "accepted": _accepted(FileKind.PICTURE),
            "time_zone": time_zone,
        },
    )


async def attachments_editor(session: AsyncSession, lesson: LessonView, context: FileContext) -> Panel:
    """Step: attachments of a lesson, to be added, ordered and deleted."""
    return Panel(
        "learning/attachments_editor.html",
        {
            "lesson": lesson,
            "files": await files.of_lesson(session, lesson.id, FileKind.ATTACHMENT),
            "limits": context.limits[FileKind.ATTACHMENT],
            "accepted": _accepted(FileKind.ATTACHMENT),
        },
    )


def _accepted(kind: FileKind) -> str:
    """Value of a file field's `accept`."""
    return ",".join(f".{suffix}" for suffix in TYPES[kind])
