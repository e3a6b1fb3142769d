from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.world.clock import START
from tests.world.media import plan_of
from transcoder.jobs.estimate import JobView, estimate

AGO = START - timedelta(seconds=10)  # start of an encoder past its start-up


def chunk(number: int, state: str, **values: Any) -> JobView:
    return JobView(kind="chunk", number=number, state=state, **values)


def audio(seconds: float, *, complete: bool = False) -> JobView:
    part = {"segments": [{"duration": round(seconds * 48_000)}], "timescale": 48_000}
    state = "done" if complete else "running"
    return JobView("audio", 0, state, result={"part": part, "complete": complete})


def ended(number: int, *, took: float, ago: float) -> JobView:
    end = START - timedelta(seconds=ago)
    return chunk(number, "done", progress=1.0, started_at=end - timedelta(seconds=took), finished_at=end)


def test_estimate_is_empty_before_the_plan() -> None:
    estimated = estimate(None, [JobView("prepare", 0, "running")], START)
    assert (estimated.progress, estimated.playable_seconds, estimated.speed) == (0, 0.0, None)


def test_speed_counts_all_running_workers() -> None:
    plan = plan_of(60, audio=False)
    jobs = [ended(0, took=3, ago=7), *(chunk(n, "running", progress=0.5, started_at=AGO) for n in (1, 2))]
    estimated = estimate(plan, jobs, START)
    made = 6 + sum(plan.video.chunks[n].frames / 25 / 2 for n in (1, 2)) if plan.video else 0
    assert estimated.speed == pytest.approx(made / 10)


def test_long_job_counts_by_its_share_of_the_window() -> None:
    """It runs for ten minutes at constant speed, so the speed in the window is the same."""
    began = START - timedelta(minutes=10)
    jobs = [chunk(0, "running", progress=0.5, started_at=began)]
    plan = plan_of(60, audio=False)
    seconds = plan.video.chunks[0].frames / 25 if plan.video else 0
    assert estimate(plan, jobs, START).speed == pytest.approx(seconds / 2 / 600, abs=0.006)


def test_speed_between_two_jobs_is_that_of_the_last_ones() -> None:
    jobs = [ended(0, took=3, ago=5), ended(1, took=3, ago=2), chunk(2, "waiting")]
    assert estimate(plan_of(60, audio=False), jobs, START).speed == pytest.approx(12 / 6)


def test_idle_time_does_not_count() -> None:
    jobs = [ended(0, took=3, ago=7200), chunk(1, "running", progress=0.5, started_at=AGO)]
    assert estimate(plan_of(60, audio=False), jobs, START).speed == pytest.approx(6 * 0.5 / 10)


def test_encoder_start_up_does_not_count() -> None:
    """After a restart all have just begun: the estimate would be half an hour for half a minute of work."""
    begun = chunk(1, "running", progress=0.0, started_at=START - timedelta(seconds=1))
    assert estimate(plan_of(60, audio=False), [ended(0, took=3, ago=7200), begun], START).speed is None
    assert estimate(plan_of(60, audio=False), [ended(0, took=3, ago=1), begun], START).speed == 6 / 4


def test_playable_time_ends_at_a_gap() -> None:
    jobs = [ended(0, took=1, ago=0), chunk(1, "running"), ended(2, took=1, ago=0)]
    assert estimate(plan_of(60, audio=False), jobs, START).playable_seconds == 6.0


def test_playable_time_ends_with_the_audio() -> None:
    jobs = [ended(0, took=1, ago=0), ended(1, took=1, ago=0), audio(9)]
    assert estimate(plan_of(60), jobs, START).playable_seconds == 9.0


def test_audio_only() -> None:
    estimated = estimate(plan_of(100, video=False), [audio(30)], START)
    assert estimated.playable_seconds == 30.0


STATES = st.sampled_from(["waiting", "running", "done", "failed"])


@given(seconds=st.floats(1, 7200), states=st.lists(STATES, min_size=1, max_size=60), part=st.floats(0, 1))
def test_estimate_stays_within_bounds(seconds: float, states: list[str], part: float) -> None:
    plan = plan_of(seconds)
    assert plan.video
    jobs = [chunk(n, state, progress=part) for n, state in enumerate(states[: len(plan.video.chunks)])]
    estimated = estimate(plan, [*jobs, audio(seconds, complete=True)], START)
    assert 0 <= estimated.progress <= 99  # 100 is reserved for ready
    assert 0 <= estimated.playable_seconds <= plan.duration + 0.001


@given(seconds=st.floats(20, 7200), done=st.integers(0, 200))
def test_finished_chunk_never_lowers_progress(seconds: float, done: int) -> None:
    plan = plan_of(seconds, audio=False)
    assert plan.video
    count = len(plan.video.chunks)
    before = [chunk(n, "done" if n < done else "waiting") for n in range(count)]
    after = [chunk(n, "done" if n <= done else "waiting") for n in range(count)]
    assert estimate(plan, before, START).progress <= estimate(plan, after, START).progress
