"""Encoding work of a job, relative to a full ladder."""

import pytest

from tests.world.media import plan_of
from transcoder.planning.chunking import CUT_SECONDS
from transcoder.planning.cost import AUDIO, job_cost
from transcoder.planning.plan import Plan


def video_cost(plan: Plan) -> float:
    chunks = plan.video.chunks if plan.video else ()
    return sum(job_cost(plan, "chunk", chunk.number) - CUT_SECONDS for chunk in chunks)


def test_full_ladder_at_25_frames_costs_its_share_of_30() -> None:
    assert video_cost(plan_of(600)) == pytest.approx(600 * 25 / 30, rel=0.01)


def test_small_source_costs_less() -> None:
    assert video_cost(plan_of(600, height=480)) < 600 / 5


def test_audio_and_the_jobs_around() -> None:
    plan = plan_of(600)
    assert job_cost(plan, "audio", 0) == pytest.approx(600 * AUDIO)
    assert job_cost(plan, "prepare", 0) == job_cost(plan, "finish", 0) == 0
    assert job_cost(plan_of(600, audio=False), "audio", 0) == 0
