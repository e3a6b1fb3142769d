"""Messages in a cookie: what is ours comes back, anything else is nothing."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request
from litestar.datastructures import State

from server.core.web import flash


def asking(cookie: str) -> Request[Any, Any, State]:
    scope = {"type": "http", "headers": [(b"cookie", f"flash={cookie}".encode())], "path": "/"}
    return Request(scope)  # type: ignore[arg-type]


@given(st.text(min_size=1, max_size=300), st.sampled_from(flash.KINDS))
def test_a_message_comes_back(text: str, kind: str) -> None:
    cookie = flash.redirect("/teach", text, kind, undo=flash.Undo("/again", "email", "ada@x")).cookies[0]
    found = flash.pending(asking(str(cookie.value)))
    assert found is not None
    assert (found.kind, found.text, found.undo) == (kind, text, flash.Undo("/again", "email", "ada@x"))


@pytest.mark.parametrize(
    "path", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"]
)
def test_an_undo_leads_nowhere_else(path: str) -> None:
    cookie = flash.redirect("/teach", "Done.", undo=flash.Undo(path, "a", "b")).cookies[0]
    assert flash.pending(asking(str(cookie.value))) is None


@given(st.binary(max_size=200))
def test_what_is_not_ours_is_nothing(raw: bytes) -> None:
    assert flash.pending(asking(base64.urlsafe_b64encode(raw).decode())) is None


def test_a_long_message_is_cut_and_still_fits_a_cookie() -> None:
    cookie = flash.redirect("/teach", "ä" * 5000).cookies[0]
    found = flash.pending(asking(str(cookie.value)))
    assert found is not None
    assert set(found.text) == {"ä"}
    assert len(str(cookie.value)) < 4000
