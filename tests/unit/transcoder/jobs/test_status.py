from typing import Any

import msgspec
import pytest

from storage.database.tables import Video
from storage.messages import Message
from tests.world.clock import START
from tests.world.media import plan_of
from transcoder.jobs.estimate import JobView, QueueEstimate
from transcoder.jobs.status import RevisionStatus, describe

NO = Message("No.")


def video(state: str, seconds: float | None = 18, **values: Any) -> Video:
    plan = msgspec.to_builtins(plan_of(seconds, height=180)) if seconds else None
    return Video(id="v", lesson_id="l", filename="a.mp4", state=state, plan=plan, **values)


def parts(*states: str) -> list[JobView]:
    return [JobView("prepare", 0, "done"), *(JobView("chunk", n, state) for n, state in enumerate(states))]


def status_of(video: Video, jobs: list[JobView], expected: QueueEstimate | None = None) -> RevisionStatus:
    return describe(video, jobs, [{"name": "180p"}], expected, START)


def test_waiting_revision_has_a_queue_place() -> None:
    status = status_of(video("waiting", None), [JobView("prepare", 0, "waiting")], QueueEstimate(2, None))
    assert (status.status, status.stage, status.queue_place, status.progress) == (
        "processing",
        "waiting",
        2,
        0,
    )


@pytest.mark.parametrize(
    ("state", "jobs", "stage"),
    [
        ("waiting", [JobView("prepare", 0, "running")], "checking"),
        ("encoding", parts("waiting", "waiting"), "waiting"),
        ("encoding", parts("running", "waiting"), "encoding"),
        ("encoding", parts("done", "waiting"), "encoding"),
        ("finishing", parts("done", "done"), "finishing"),
        ("ready", parts("done", "done"), "ready"),
        ("failed", parts("done", "failed"), "failed"),
        ("cancelled", parts("done", "cancelled"), "cancelled"),
    ],
)
def test_stages(state: str, jobs: list[JobView], stage: str) -> None:
    assert status_of(video(state), jobs).stage == stage


def test_ready_revision() -> None:
    status = status_of(video("ready", playable_at=START), parts("done", "done", "done"))
    assert (status.status, status.progress, status.playable_seconds) == ("ready", 100, 18)
    assert status.variants == ({"name": "180p"},)
    assert not status.can_retry


def test_failed_revision_has_error_and_can_retry() -> None:
    status = status_of(video("failed", error=NO), parts("done", "failed"))
    assert (status.status, status.error, status.can_retry) == ("failed", NO, True)
    refused = [JobView("prepare", 0, "failed", result={"unusable": True})]
    assert not status_of(video("failed", None, error=NO), refused).can_retry


def test_chunk_states_and_lengths() -> None:
    chunks = status_of(video("encoding"), parts("done", "running", "waiting")).chunks
    assert [(chunk.state, chunk.seconds) for chunk in chunks] == [
        ("done", 6.0),
        ("running", 6.0),
        ("waiting", 6.0),
    ]
    assert chunks[0].progress == 1.0
