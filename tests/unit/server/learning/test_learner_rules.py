"""Rules of the instructor's view of learners."""

from hypothesis import given
from hypothesis import strategies as st

from server.learning.learners import rules
from server.learning.learners.rules import LessonState
from server.watching import spans

SPANS = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=8).map(
    lambda pairs: spans.union(tuple((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]))
)


@given(SPANS, st.integers(0, 4000))
def test_bar_stays_inside_and_is_as_long_as_the_coverage(covered: spans.Spans, duration: int) -> None:
    parts = rules.bar(covered, duration)
    if not duration:
        assert parts == ()
        return
    assert all(start >= 0 and width > 0 and start + width <= 100 + 1e-9 for start, width in parts)
    total = sum(width for _, width in parts) * duration / 100
    assert abs(total - spans.length(spans.clip(covered, duration))) < 1e-6


@given(st.integers(0, 20))
def test_timeline_needs_five_learners(learners: int) -> None:
    assert rules.shows_timeline(learners) == (learners >= 5)


@given(st.lists(st.integers(0, 100)))
def test_mean_is_between_the_scores_and_rounded_down(percents: list[int]) -> None:
    mean = rules.mean_percent(percents)
    if not percents:
        assert mean is None
    else:
        assert mean is not None
        assert min(percents) <= mean <= sum(percents) / len(percents)


def test_completed_lesson_stays_completed() -> None:
    assert rules.lesson_state(completed=True, seen=False) is LessonState.COMPLETED
    assert rules.lesson_state(completed=False, seen=True) is LessonState.IN_PROGRESS
    assert rules.lesson_state(completed=False, seen=False) is LessonState.NOT_STARTED
