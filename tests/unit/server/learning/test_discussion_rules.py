"""Texts of posts: links and moments are found, and nothing of a text is lost or added."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.learning.discussion import rules
from server.learning.discussion.rules import Piece
from storage.states import PostState
from tests.world.clock import START

HOUR = 3600.0
PARTS = st.sampled_from(
    ["12:30", "1:02:03", "0:00", "9:99", "99:59", " ", "\n", "https://example.edu/a?b=(c)", "HTTP://x.y.",
     "javascript:alert(1)", "<b>", "\"", "'", "http://", "https://[", ")", ":", "7", ".", "ü", "&amp;"]
)  # fmt: skip
TEXTS = st.lists(PARTS | st.text(max_size=5), max_size=12).map("".join)


@given(TEXTS, st.floats(0, 50_000) | st.none())
def test_pieces_are_the_text(text: str, seconds: float | None) -> None:
    found = rules.pieces(text, seconds)
    assert "".join(piece.text for piece in found) == text
    for piece in found:
        assert piece.text
        assert piece.href == "" or piece.href.lower().startswith(("http://", "https://"))
        assert not set(piece.href) & set("<>\"' \n")
        assert piece.seconds is None or 0 <= piece.seconds <= (seconds or 0)
        assert not (piece.href and piece.seconds is not None)


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("At 12:30, the lens.", [750]),
        ("1:02:03", [3723]),
        ("(0:05) and 59:59–1:00:00", [5, 3599, 3600]),
        ("90:00", [5400]),
        ("at 99:59:59 or 2:00:01", []),
        ("12:3 1:60 12:30:7 192.168:10:20 2026-11-27T12:30", []),
        ("1.12:30 and 12:30.5", []),
        ("https://example.edu/12:30", []),
    ],
)
def test_moments(text: str, moments: list[int]) -> None:
    assert [piece.seconds for piece in rules.pieces(text, 7200) if piece.seconds is not None] == moments


def test_a_time_beyond_the_video_is_no_moment() -> None:
    assert rules.pieces("See you at 18:30.", 600) == (Piece("See you at 18:30."),)
    assert rules.pieces("12:30", None) == (Piece("12:30"),)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://example.edu/a, please.", ["https://example.edu/a"]),
        ("(https://example.edu/wiki/Lens_(optics))", ["https://example.edu/wiki/Lens_(optics)"]),
        ("<https://example.edu/?a=1&b=2#c>", ["https://example.edu/?a=1&b=2#c"]),
        ("javascript:alert(1) data:text/html,x ftp://example.edu //example.edu", []),
        ("http:// https://... https://[", []),
        ("HTTPS://EXAMPLE.EDU", ["HTTPS://EXAMPLE.EDU"]),
    ],
)
def test_links(text: str, links: list[str]) -> None:
    assert [piece.href for piece in rules.pieces(text, None) if piece.href] == links


@given(st.text(max_size=300))
def test_clean_text_is_clean_already(text: str) -> None:
    try:
        clean = rules.clean_text(text)
    except Invalid:
        return
    assert rules.clean_text(clean) == clean
    assert "\x00" not in clean
    assert "\r" not in clean
    assert "\n\n\n" not in clean


@pytest.mark.parametrize("text", ["", " \n ", "\u200b", "a" * 5001, "a" + "\u0301" * 60_000, "\u202e"])
def test_texts_without_content_or_end_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.clean_text(text)
    assert set(refused.value.fields) == {"text"}


@pytest.mark.parametrize("state", list(PostState))
@pytest.mark.parametrize("author", [False, True])
@pytest.mark.parametrize("staff", [False, True])
def test_who_sees_and_edits(state: PostState, *, author: bool, staff: bool) -> None:
    seen = rules.sees(state, author=author, staff=staff)
    assert seen == (state == "shown" or (state != "deleted" and (author or staff)))
    for locked in (False, True):
        edits = [
            rules.may_edit(state, START, START + timedelta(minutes=minutes), author=author, locked=locked)
            for minutes in (0, 60, 61)
        ]
        may = author and not locked and state in ("shown", "waiting")
        assert edits == [may, may, False]
        assert seen or not any(edits)
