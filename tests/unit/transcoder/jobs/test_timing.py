from datetime import timedelta

import pytest

from transcoder.jobs.timing import deadline

GIB = 2**30


@pytest.mark.parametrize(
    ("duration", "source_bytes", "minutes"),
    [
        (None, 0, 15),
        (30, 5 * 2**20, 15),
        (3600, GIB, 12 * 60),  # long enough to include fetching the original
        (None, 12 * GIB, 102.4),  # the original still has to be fetched, 17 minutes at 100 Mbit/s
        (60, 12 * GIB, 102.4),
    ],
)
def test_deadline_covers_encoding_and_fetching(
    duration: float | None, source_bytes: int, minutes: float
) -> None:
    assert deadline(duration, source_bytes) == timedelta(minutes=minutes)
