"""Progress texts for users."""

from typing import Any

import pytest

from server.encoding.presentation import presentation, presented
from server.encoding.progress import LessonProgress
from server.uploads.schemas import OpenUpload
from tests.world.clock import START


def progress(stage: str, **changed: Any) -> LessonProgress:
    plain: dict[str, Any] = {
        "status": "processing",
        "progress": 0,
        "job_id": "new",
        "stage": stage,
        "eta_seconds": None,
        "playable": False,
        "hls_url": None,
        "thumbnail_url": None,
        "duration_seconds": None,
        "variants": [],
        "error": None,
    }
    return LessonProgress(**(plain | changed))


STAGES = ["empty", "uploading", "storing", "waiting", "checking", "encoding", "finishing", "ready", "failed"]


@pytest.mark.parametrize("stage", [*STAGES, "cancelled"])
def test_every_stage_has_a_headline(stage: str) -> None:
    assert presentation(progress(stage)).headline


def test_encoding_shows_percent_speed_and_time_left() -> None:
    texts = presentation(progress("encoding", progress=43, speed=3.24, eta_seconds=130))
    assert texts.detail == "43 % · 3.2 × real time · about 2 min left"
    assert texts.hint == "You can leave this page: the encoding continues."


def test_growing_video_shows_playable_duration() -> None:
    growing = progress(
        "encoding", playable=True, video_id="new", playable_seconds=750.0, duration_seconds=2400.0
    )
    assert presentation(growing).hint == "12:30 of 40:00 can be watched already."


def test_replacement_hints_name_previous_video() -> None:
    assert "until this one is ready" in presentation(progress("encoding", playable=True, video_id="old")).hint
    assert "previous video" in presentation(progress("failed", playable=True, video_id="old")).hint


def test_waiting_shows_queue_place() -> None:
    assert presentation(progress("waiting", queue_place=1)).detail == "next in line"
    assert presentation(progress("waiting", queue_place=4)).detail == "number 4 in line"


def test_ready_shows_duration_and_renditions() -> None:
    ready = progress(
        "ready", playable=True, duration_seconds=3725.0, variants=[{"name": "1080p"}, {"name": "720p"}]
    )
    assert presentation(ready).detail == "1:02:05 · 1080p, 720p"


UPLOAD = OpenUpload("id", "lecture.mp4", 1000, 430, storing=False, expires_at=START)


@pytest.mark.parametrize(
    ("shown", "wants_file", "can_replace"),
    [
        (progress("empty"), True, False),
        (progress("uploading", uploads=(UPLOAD,)), False, False),
        (progress("encoding"), False, False),
        (progress("ready", playable=True), False, True),
        (progress("ready", playable=True, uploads=(UPLOAD,)), False, False),
        (progress("failed", can_retry=True), False, True),
        (progress("failed", can_retry=False), True, False),
        (progress("failed", playable=True), False, True),
        (progress("cancelled"), True, False),
    ],
)
def test_page_actions_by_progress(shown: LessonProgress, wants_file: bool, can_replace: bool) -> None:
    page = presented(shown)
    assert (page.wants_file, page.can_replace) == (wants_file, can_replace)
