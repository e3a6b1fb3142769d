"""Panel of the teacher's page of a lesson: the form with its texts."""

from server.core.web.forms import Form
from server.core.web.pages import Panel
from server.library.schemas import LessonView


def details(lesson: LessonView, form: Form, time_zone: str) -> Panel:
    """`form`: what was typed; `time_zone`: of the moments in a conflict."""
    return Panel("library/lesson_details.html", {"lesson": lesson, "form": form, "time_zone": time_zone})
