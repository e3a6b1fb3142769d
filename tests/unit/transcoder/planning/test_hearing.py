"""Gain and channels of audio, from what was heard of it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.media import Heard, Sides
from transcoder.planning import hearing
from transcoder.planning.hearing import Block
from transcoder.planning.plan import require

VOICE, SILENCE = Block(-26.0, -29.0, -29.0), Block(-117.0, -math.inf, -math.inf)


def test_silence_around_a_voice_does_not_count() -> None:
    assert require(hearing.judge([SILENCE] * 100 + [VOICE] * 20)).gain == pytest.approx(10.0)


def test_noise_in_pauses_does_not_count() -> None:
    noise = Block(-50.0, -53.0, -53.0)
    assert require(hearing.judge([noise] * 50 + [VOICE] * 50)).gain == pytest.approx(10.0)


def test_silent_track() -> None:
    assert hearing.judge([SILENCE] * 9) == Heard(silent=True)


def test_nothing_heard_is_not_silence() -> None:
    assert hearing.judge([]) is None


@pytest.mark.parametrize(
    ("left", "right", "sides"), [(-20.0, -90.0, Sides.LEFT), (-math.inf, -20.0, Sides.RIGHT)]
)
def test_voice_on_one_side_is_taken_for_both(left: float, right: float, sides: Sides) -> None:
    """It is twice as loud on two sides: 3 dB less gain."""
    heard = require(hearing.judge([Block(-26.0, left, right)] * 9))
    assert heard.sides == sides
    assert heard.gain == pytest.approx(7.0, abs=0.02)


def test_noise_is_not_raised_without_end() -> None:
    assert require(hearing.judge([Block(-58.0, -61.0, -61.0)] * 9)).gain == hearing.MOST_GAIN


def test_blocks_of_one_and_two_channels() -> None:
    printed = (
        "frame:0    pts:0       pts_time:0\nlavfi.r128.M=-23.5\nlavfi.astats.1.RMS_level=-26.1\n"
        "frame:1    pts:4800    pts_time:0.1\nlavfi.r128.M=-24\nlavfi.astats.1.RMS_level=-inf\n"
        "lavfi.astats.2.RMS_level=-27\nframe:2 pts:9600\nlavfi.r128.M=nan\n"
    )
    blocks = [Block(-23.5, -26.1, -26.1), Block(-24.0, -math.inf, -27.0)]
    assert list(hearing.read(printed)) == blocks


@given(st.floats(0, 100), st.floats(0, 12 * 3600))
def test_places_lie_inside(start: float, duration: float) -> None:
    places = hearing.places(start, duration)
    assert len(places) in (1, hearing.PLACES)
    assert all(begin >= start for begin, _ in places)
    assert all(
        begin + length <= start + max(duration, hearing.PLACE_SECONDS) + 1e-6 for begin, length in places
    )
