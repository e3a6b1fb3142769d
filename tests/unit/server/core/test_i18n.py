"""Which language a page is answered in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.text import i18n


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        ("de", ["de"]),
        ("de-AT,de;q=0.9,en;q=0.5", ["de_AT", "de", "en"]),
        ("en;q=0.2, de", ["de", "en"]),
        ("fr, de;q=0", ["fr"]),
        ("de;q=much, en", ["en"]),
        ("", []),
        ("*", ["*"]),
    ],
)
def test_what_a_browser_wants(header: str, languages: list[str]) -> None:
    assert i18n.wanted(header) == languages


@pytest.mark.parametrize(
    ("header", "language"), [("de", "de"), ("de-CH", "de"), ("tlh", "en"), ("", "en"), ("en-GB,de", "en")]
)
def test_the_best_of_ours(header: str, language: str) -> None:
    assert i18n.negotiate(header) == language


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=200))
def test_no_header_is_an_error(header: str) -> None:
    assert i18n.negotiate(header) in i18n.languages()
