from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.playback import tokens
from tests.world.clock import START

KEY, OTHER = b"k" * 32, b"o" * 32
VIDEO, FOREIGN = "a" * 32, "b" * 32
EVENING = START.replace(hour=20, minute=30)
LATER = tokens.expiry(EVENING, 7200)


def token(key: bytes = KEY, video: str = VIDEO) -> str:
    return tokens.sign(key, video, tokens.scope("someone"), LATER)


def test_expiry_is_duration_plus_six_hours_rounded_up() -> None:
    assert datetime(2026, 11, 23, 5, 0, tzinfo=UTC) == LATER


def test_token_is_valid_for_its_video_until_expiry() -> None:
    assert tokens.verify([KEY], token(), VIDEO, EVENING) == LATER
    assert tokens.verify([KEY], token(), VIDEO, LATER - timedelta(seconds=1)) == LATER
    assert tokens.verify([KEY], token(), VIDEO, LATER) is None


def test_two_live_keys_verify_and_retired_key_does_not() -> None:
    assert tokens.verify([OTHER, KEY], token(), VIDEO, EVENING) == LATER
    assert tokens.verify([OTHER], token(), VIDEO, EVENING) is None


def test_token_for_another_video_is_refused() -> None:
    assert tokens.verify([KEY], token(), FOREIGN, EVENING) is None


@given(st.integers(0, 34), st.characters(codec="ascii"))
def test_altered_token_is_refused(at: int, character: str) -> None:
    good = token()
    bad = good[:at] + character + good[at + 1 :]
    assert (tokens.verify([KEY], bad, VIDEO, EVENING) is not None) == (bad == good)


@given(st.text(max_size=60))
def test_malformed_token_is_refused_without_exception(noise: str) -> None:
    assert tokens.verify([KEY], noise, VIDEO, EVENING) is None


@given(st.floats(0, 12 * 3600))
def test_reload_within_the_hour_gets_same_or_later_expiry(duration: float) -> None:
    first, second = tokens.expiry(EVENING, duration), tokens.expiry(EVENING + timedelta(minutes=5), duration)
    assert second - first in (timedelta(0), timedelta(hours=1))
    assert timedelta(hours=6) <= first - EVENING - timedelta(seconds=duration) <= timedelta(hours=7)
