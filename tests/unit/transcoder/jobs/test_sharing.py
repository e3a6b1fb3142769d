"""Fair shares of the encoders, and the remaining time that follows from them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.world.clock import START
from transcoder.jobs.estimate import FINISHING_SECONDS, queue_estimate
from transcoder.jobs.sharing import rules as sharing
from transcoder.jobs.sharing.rules import SHORT_COST, Backlog, Run, in_order, place, seconds_left, use

LONG, CLIP = 2400.0, 38.0


def lecture(video_id: str, person: str | None, left: float, **values: float) -> Backlog:
    about = {"waited": 0.0, "cost": left} | values
    return Backlog(video_id, person, left=left, **about)  # type: ignore[arg-type]


def run(person: str | None, *, ago: float, took: float | None = None, cost: float = 60.0) -> Run:
    began = START - timedelta(seconds=ago)
    ended = None if took is None else began + timedelta(seconds=took)
    return Run(person, cost, 1.0 if took else 0.5, began, ended)


def order(*backlogs: Backlog, used: dict[str | None, float] | None = None) -> list[str]:
    return [one.video_id for one in in_order(backlogs, used or {})]


def test_person_who_used_less_comes_first() -> None:
    assert order(lecture("1", "a", 100), lecture("2", "b", LONG), used={"a": 60.0, "b": 30.0}) == ["2", "1"]


def test_shorter_lecture_of_one_person_comes_first() -> None:
    assert order(lecture("1", "a", LONG), lecture("2", "a", CLIP)) == ["2", "1"]


def test_lecture_that_waits_long_comes_before_new_shorter_ones() -> None:
    waited = LONG / sharing.PATIENCE
    assert order(lecture("1", "a", LONG, waited=waited), lecture("2", "a", CLIP)) == ["1", "2"]


def test_finish_job_comes_before_chunks_of_anybody() -> None:
    last = Backlog("2", "b", waited=0, cost=LONG, left=0, finishing=True)
    assert order(lecture("1", "a", CLIP), last, used={"b": 500.0}) == ["2", "1"]


def test_use_counts_the_window_only() -> None:
    window = sharing.WINDOW.total_seconds()
    runs = [run("a", ago=window + 50, took=60), run("b", ago=window * 3), run("c", ago=1)]
    assert use(runs, START) == {"a": 10.0, "b": window, "c": sharing.LEAST_USE}


def test_place_counts_lectures_without_a_running_job() -> None:
    encoding = Backlog("1", None, waited=0, cost=LONG, left=LONG, running=True)
    waiting = [encoding, lecture("2", None, 1), lecture("3", None, 2)]
    assert [place(video_id, waiting) for video_id in ("2", "3")] == [1, 2]


def test_lecture_alone_has_the_whole_speed() -> None:
    mine = lecture("1", "a", LONG)
    assert seconds_left(mine, [mine], 4.0) == LONG / 4


def test_short_lecture_has_half_the_speed_beside_a_long_one() -> None:
    clip = lecture("2", "a", CLIP)
    assert seconds_left(clip, [lecture("1", "a", LONG), clip], 2.0) == CLIP


def test_two_people_share_until_the_first_is_done() -> None:
    first, second = lecture("1", "a", 300), lecture("2", "b", 500)
    assert seconds_left(first, [first, second], 1.0) == 600
    assert seconds_left(second, [first, second], 1.0) == 800


def test_queue_estimate_includes_the_wait_for_a_free_encoder() -> None:
    encoding = Backlog("1", "a", waited=0, cost=LONG, left=LONG, running=True)
    mine = lecture("2", "b", 500)
    runs = [run("a", ago=30), run("a", ago=30)]  # each half done in 30 s: 2 of cost per second
    told = queue_estimate("2", [encoding, mine], runs, START)
    assert (told.place, told.eta_seconds) == (1, round(500 + 30 + FINISHING_SECONDS))


def test_queue_estimate_of_a_clip_beside_a_lecture_is_under_a_minute() -> None:
    encoding = Backlog("1", "a", waited=0, cost=LONG, left=LONG, running=True)
    told = queue_estimate(
        "2", [encoding, lecture("2", "b", CLIP)], [run("a", ago=30), run("a", ago=30)], START
    )
    assert told.eta_seconds
    assert told.eta_seconds < 60


@pytest.mark.parametrize("runs", [[], [run("a", ago=2)]], ids=["nothing ran", "just begun"])
def test_queue_estimate_without_a_measured_speed_has_no_time(runs: list[Run]) -> None:
    assert queue_estimate("1", [lecture("1", "a", CLIP)], runs, START).eta_seconds is None


def test_queue_estimate_without_a_plan_has_no_time() -> None:
    unplanned = lecture("1", "a", 0.0)
    assert queue_estimate("1", [unplanned], [run("b", ago=30, took=20)], START).eta_seconds is None


people = st.sampled_from(["a", "b", "c", None])
backlogs = st.lists(st.tuples(people, st.floats(1, 5000)), min_size=1, max_size=30).map(
    lambda drawn: [lecture(f"{n:02}", person, left) for n, (person, left) in enumerate(drawn)]
)


@given(backlogs)
def test_last_lecture_takes_the_whole_work(drawn: list[Backlog]) -> None:
    ends = [seconds_left(one, drawn, 2.0) for one in drawn]
    assert max(ends) == pytest.approx(sum(one.left for one in drawn) / 2)
    assert all(end >= one.left / 2 - 1e-6 for one, end in zip(drawn, ends, strict=True))


@given(backlogs, st.floats(1, SHORT_COST))
def test_another_persons_work_at_most_slows_a_lecture_down(drawn: list[Backlog], left: float) -> None:
    new = lecture("new", "new", left)
    for one in drawn:
        assert seconds_left(one, [*drawn, new], 2.0) >= seconds_left(one, drawn, 2.0) - 1e-6
