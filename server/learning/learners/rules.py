"""Rules of the instructor's view of learners: states, and when a timeline of one person is shown. Pure."""

from enum import StrEnum

from server.watching import spans
from server.watching.spans import Spans

LEAST_LEARNERS = 5  # enrolled; below, everybody would know whose timeline it is


class LearnerStatus(StrEnum):
    """State of a learner in a course."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"  # stays so when lessons are added later
    LEFT = "left"  # the enrolment has ended


class LessonState(StrEnum):
    """State of a learner in a lesson."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


def lesson_state(*, completed: bool, seen: bool) -> LessonState:
    if completed:
        return LessonState.COMPLETED
    return LessonState.IN_PROGRESS if seen else LessonState.NOT_STARTED


def shows_timeline(learners: int) -> bool:
    """Whether a course with so many enrolled learners shows what one of them watched when."""
    return learners >= LEAST_LEARNERS


def bar(covered: Spans, duration: int) -> tuple[tuple[float, float], ...]:
    """Start and width of the covered parts in percent of a video of `duration` tenths of a second."""
    if duration <= 0:
        return ()
    return tuple(
        (100 * start / duration, 100 * (end - start) / duration)
        for start, end in spans.clip(covered, duration)
    )


def mean_percent(percents: list[int]) -> int | None:
    """Mean score, rounded down as single scores are. None without any."""
    return sum(percents) // len(percents) if percents else None
