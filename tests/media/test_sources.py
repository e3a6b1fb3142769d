"""The marks can be read back: without that the other media tests would judge nothing."""

import pytest

from tests.fixtures.media import Sources
from tests.media.judging import beeps, frame_numbers
from tests.media.sources import BEEP_AT
from transcoder.ffmpeg.tools import Tools

pytestmark = pytest.mark.media


def test_every_frame_carries_its_number(sources: Sources, tools: Tools) -> None:
    assert frame_numbers(tools, sources.path("small")) == list(range(500))


def test_a_beep_in_every_second(sources: Sources, tools: Tools) -> None:
    heard = beeps(tools, sources.path("small"))
    assert heard == pytest.approx([second + BEEP_AT for second in range(20)], abs=0.005)
