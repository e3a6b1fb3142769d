"""Language negotiation by Accept-Language."""

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
def test_accept_language_is_parsed_by_weight(header: str, languages: list[str]) -> None:
    assert i18n.wanted(header) == languages


@pytest.mark.parametrize(
    ("header", "language"), [("de", "de"), ("de-CH", "de"), ("tlh", "en"), ("", "en"), ("en-GB,de", "en")]
)
def test_best_available_language_is_chosen(header: str, language: str) -> None:
    assert i18n.negotiate(header) == language


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=200))
def test_any_header_gives_an_available_language(header: str) -> None:
    assert i18n.negotiate(header) in i18n.languages()
