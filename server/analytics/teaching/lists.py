"""Lists of a course's page as tables, which have all their rows in files."""

from collections.abc import Sequence

from server.analytics.console.tables import Column, Kind, Table
from server.analytics.teaching.course import Item, LessonFigures
from server.analytics.teaching.rules import MomentKind, Needs
from server.core.text.formats import translated
from storage.messages import N_

MOMENTS = {
    MomentKind.LEFT: N_("Left"),
    MomentKind.AGAIN: N_("Played again"),
    MomentKind.SLOWLY: N_("Slowed down"),
    MomentKind.WRONG: N_("Answered wrongly"),
}
_LESSON = Column(name=N_("Lesson"), kind=Kind.NAME)


def needs(found: Sequence[Needs]) -> Table:
    """Reasons are sentences in the reader's language."""
    return Table(
        id="help",
        title=N_("Who may need help"),
        columns=[
            Column(name=N_("Learner"), kind=Kind.NAME),
            Column(name=N_("Lessons completed")),
            Column(name=N_("Required lessons")),
            Column(name=N_("Reasons"), kind=Kind.NAME),
        ],
        rows=[
            (
                one.learner.name,
                one.learner.done,
                one.learner.required,
                " ".join(translated(reason) for reason in one.reasons),
            )
            for one in found
        ],
    )


def lessons(found: Sequence[LessonFigures]) -> Table:
    return Table(
        id="lessons",
        title=N_("Lessons"),
        columns=[
            _LESSON,
            Column(name=N_("Viewers")),
            Column(name=N_("Seen on average"), kind=Kind.PERCENT),
            Column(name=N_("Watched"), kind=Kind.SECONDS),
            Column(name=N_("Completed")),
        ],
        rows=[(one.title, one.viewers, one.seen_percent, one.watch_seconds, one.completed) for one in found],
    )


def moments(found: Sequence[LessonFigures]) -> Table:
    return Table(
        id="moments",
        title=N_("Hardest moments"),
        columns=[
            _LESSON,
            Column(name=N_("Position"), kind=Kind.SECONDS),
            Column(name=N_("What happened"), kind=Kind.TERM),
            Column(name=N_("Count")),
            Column(name=N_("Of")),
        ],
        rows=[
            (lesson.title, round(one.at), MOMENTS[one.kind], one.count, one.of)
            for lesson in found
            for one in lesson.moments
        ],
    )


def questions(found: Sequence[Item]) -> Table:
    return Table(
        id="questions",
        title=N_("Questions, the hardest first"),
        columns=[
            Column(name=N_("Question"), kind=Kind.NAME),
            _LESSON,
            Column(name=N_("Right at the first attempt")),
            Column(name=N_("Learners")),
            Column(name=N_("Discrimination"), kind=Kind.DECIMAL),
        ],
        rows=[
            (one.text, one.lesson, one.figures.right, one.figures.asked, _rounded(one.figures.discrimination))
            for one in found
        ],
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
