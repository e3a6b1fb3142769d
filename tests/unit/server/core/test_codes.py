"""Codes that people type: unambiguous, and read in any spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.security import new_code
from server.core.text.codes import ALPHABET, grouped, normal_code

CODES = st.text(ALPHABET, min_size=1, max_size=24)
ALIKE = ("0O", "1IL", "2Z", "5S", "8B", "UV")


@given(CODES, st.integers(1, 6), st.sampled_from([str.upper, str.lower, str.title]))
def test_every_spelling_is_the_same_code(code: str, size: int, case: object) -> None:
    assert callable(case)
    for typed in (grouped(code, size), grouped(code, size).replace("-", " "), f" {code}\u2013"):
        assert normal_code(case(typed), len(code)) == code


@given(st.text(), st.integers(1, 24))
def test_any_text_is_a_code_or_none(text: str, length: int) -> None:
    code = normal_code(text, length)
    assert code is None or (len(code) == length and set(code) <= set(ALPHABET))


@pytest.mark.parametrize("alike", ALIKE)
def test_at_most_one_of_characters_that_look_alike(alike: str) -> None:
    assert len(set(alike) & set(ALPHABET)) <= 1


def test_codes_differ_and_are_whole() -> None:
    codes = {new_code(20) for _ in range(1000)}
    assert len(codes) == 1000
    assert all(normal_code(code, 20) == code for code in codes)
