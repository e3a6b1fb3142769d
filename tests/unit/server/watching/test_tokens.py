"""Watch tokens: they name a person and a lesson, and nobody else can make one."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.playback import tokens as media_tokens
from server.watching import tokens
from tests.world.clock import START

KEY, OTHER = b"k" * 32, b"o" * 32
PERSON, LESSON = "0190" + "a" * 28, "0190" + "b" * 28
TOKEN = tokens.issue(PERSON, LESSON, staff=False, now=START)
TEXT = tokens.sign(KEY, TOKEN)


@pytest.mark.parametrize("staff", [True, False])
def test_token_names_person_lesson_and_staff(staff: bool) -> None:
    token = tokens.issue(PERSON, LESSON, staff=staff, now=START)
    assert tokens.verify([OTHER, KEY], tokens.sign(KEY, token), START) == token


def test_token_ends_after_some_days() -> None:
    assert tokens.verify([KEY], TEXT, START + tokens.LIFETIME - timedelta(seconds=1)) == TOKEN
    assert tokens.verify([KEY], TEXT, START + tokens.LIFETIME) is None


def test_token_of_another_key_or_purpose_is_refused() -> None:
    assert tokens.verify([OTHER], TEXT, START) is None
    media = media_tokens.sign(KEY, LESSON, media_tokens.scope(PERSON), START + timedelta(days=1))
    assert tokens.verify([KEY], media, START) is None


@given(st.integers(0, len(TEXT) - 1), st.characters(codec="ascii"))
def test_altered_token_is_refused(at: int, character: str) -> None:
    bad = TEXT[:at] + character + TEXT[at + 1 :]
    assert (tokens.verify([KEY], bad, START) is not None) == (bad == TEXT)


@given(st.text(max_size=120))
def test_malformed_token_is_refused_without_exception(noise: str) -> None:
    assert tokens.verify([KEY], noise, START) is None
