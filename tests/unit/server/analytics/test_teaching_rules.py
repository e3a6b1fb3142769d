"""Hardest moments of a lecture, and rules of who may need help."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.analytics.teaching import rules
from server.analytics.teaching.rules import Learner, MomentKind, Tried
from tests.world.clock import START

COUNTS = st.lists(st.integers(0, 50), min_size=100, max_size=100)


def learner(**values: object) -> Learner:
    known = {
        **{"user_id": "1", "name": "Ada", "enrolled_at": START - timedelta(days=30)},
        **{"last_seen": START - timedelta(days=1), "done": 3, "required": 10},
    }
    return Learner(**{**known, **values})  # type: ignore[arg-type]


def test_part_that_is_played_again_is_found() -> None:
    viewers, sessions = [20] * 100, [22] * 100
    sessions[40:43] = [40, 60, 45]
    (found,) = rules.again(sessions, viewers, 1000.0)
    assert (found.kind, found.at, found.count, found.of) == (MomentKind.AGAIN, 410.0, 40, 60)


def test_slow_sessions_are_named_where_they_are_many() -> None:
    sessions, slow = [20] * 100, [1] * 100
    slow[70:75] = [9] * 5
    (found,) = rules.slowly(slow, sessions, 500.0)
    assert (found.at, found.count, found.of) == (350.0, 9, 20)


def test_questions_that_most_answer_rightly_are_no_moment() -> None:
    assert rules.wrong(12.0, 9, 10) == []
    assert rules.wrong(12.0, 0, 0) == []
    (found,) = rules.wrong(12.0, 2, 10)
    assert (found.count, found.share) == (8, 0.8)


@given(COUNTS, COUNTS)
def test_moments_lie_in_the_lecture(one: list[int], other: list[int]) -> None:
    viewers = [min(pair) for pair in zip(one, other, strict=True)]
    sessions = [max(pair) for pair in zip(one, other, strict=True)]
    for found in (rules.again(sessions, viewers, 90.0), rules.slowly(viewers, sessions, 90.0)):
        assert len(found) <= rules.MOST_MOMENTS
        assert [moment.at for moment in found] == sorted(moment.at for moment in found)
        assert all(0 <= moment.at < 90 and 0 < moment.count <= moment.of for moment in found)


def test_rules_say_what_they_have_counted() -> None:
    fine = learner()
    assert rules.reasons(fine, 4, START) == []
    for one, wanted in (
        (learner(last_seen=None), "Enrolled 30 days ago and has not begun."),
        (
            learner(last_seen=START - timedelta(days=15)),
            "Last active 15 days ago, with 7 of 10 lessons left.",
        ),
        (
            learner(failed=(Tried("Waves", 3),)),
            "Has tried the quiz “Waves” 3 times and has not passed it.",
        ),
        (learner(done=1), "Has completed 1 lessons; half of the learners have at least 4."),
    ):
        assert [str(reason) for reason in rules.reasons(one, 4, START)] == [wanted]


def test_limits_are_exact() -> None:
    assert not rules.reasons(learner(last_seen=START - rules.AWAY + timedelta(seconds=1)), 0, START)
    assert rules.reasons(learner(last_seen=START - rules.AWAY), 0, START)
    assert not rules.reasons(learner(failed=(Tried("Waves", 1),)), 0, START)
    assert not rules.reasons(learner(last_seen=None, enrolled_at=START - timedelta(days=6)), 0, START)


def test_the_middle_needs_five_learners_and_those_who_are_done_are_left_out() -> None:
    few = [learner(user_id=str(number), done=done) for number, done in enumerate((0, 9, 9, 9))]
    assert rules.who_needs_help(few, START) == []
    (found,) = rules.who_needs_help([*few, learner(user_id="9", done=9)], START)
    assert found.learner.user_id == "0"
    assert rules.who_needs_help([learner(done=10, last_seen=None)], START) == []
