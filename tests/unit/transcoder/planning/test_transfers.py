"""Transfer of video that does not name it, from its brightest signal."""

import pytest

from transcoder.planning import transfers


@pytest.mark.parametrize(
    ("signal", "transfer"),
    [(0.581, "smpte2084"), (0.65, "smpte2084"), (0.75, "arib-std-b67"), (0.9, ""), (1.0, ""), (None, "")],
)
def test_white_tells_the_transfer(signal: float | None, transfer: str) -> None:
    assert transfers.guess(signal) == transfer


def test_brightest_frame_counts() -> None:
    printed = "frame:0 pts:0\nlavfi.signalstats.YMAX=502\nframe:1 pts:9\nlavfi.signalstats.YMAX=940\n"
    assert transfers.brightest(printed) == 1.0


def test_nothing_seen() -> None:
    assert transfers.brightest("") is None
