"""Embedded marks can be read back, which the other media tests rely on."""

import pytest

from tests.fixtures.media import Sources
from tests.media.judging import beeps, frame_numbers
from tests.media.sources import BEEP_AT
from transcoder.ffmpeg.tools import Tools

pytestmark = pytest.mark.media


def test_frames_carry_their_numbers(sources: Sources, tools: Tools) -> None:
    assert frame_numbers(tools, sources.path("small")) == list(range(500))


def test_beep_in_every_second(sources: Sources, tools: Tools) -> None:
    beep_times = beeps(tools, sources.path("small"))
    assert beep_times == pytest.approx([second + BEEP_AT for second in range(20)], abs=0.005)
