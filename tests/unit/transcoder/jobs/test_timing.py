from datetime import timedelta

import pytest

from transcoder.jobs.timing import deadline

GIB = 2**30


@pytest.mark.parametrize(
    ("duration", "source_bytes", "minutes"),
    [
        (None, 0, 15),
        (30, 5 * 2**20, 15),
        (3600, GIB, 12 * 60),  # so long that the original comes in between
        (None, 12 * GIB, 102.4),  # it is still to come, and takes 17 minutes at 100 Mbit/s
        (60, 12 * GIB, 102.4),
    ],
)
def test_a_job_has_time_for_the_lecture_and_for_its_original(
    duration: float | None, source_bytes: int, minutes: float
) -> None:
    assert deadline(duration, source_bytes) == timedelta(minutes=minutes)
