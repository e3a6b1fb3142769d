"""Flash message cookie: round trip, validation and size."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request
from litestar.datastructures import State

from server.core.web import flash


def request_with(cookie: str) -> Request[Any, Any, State]:
    scope = {"type": "http", "headers": [(b"cookie", f"flash={cookie}".encode())], "path": "/"}
    return Request(scope)  # type: ignore[arg-type]


@given(st.text(min_size=1, max_size=300), st.sampled_from(flash.KINDS))
def test_message_survives_the_cookie(text: str, kind: str) -> None:
    cookie = flash.redirect("/teach", text, kind, undo=flash.Undo("/again", "email", "ada@x")).cookies[0]
    found = flash.pending(request_with(str(cookie.value)))
    assert found is not None
    assert (found.kind, found.text, found.undo) == (kind, text, flash.Undo("/again", "email", "ada@x"))


@pytest.mark.parametrize(
    "path", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"]
)
def test_undo_path_must_be_local(path: str) -> None:
    cookie = flash.redirect("/teach", "Done.", undo=flash.Undo(path, "a", "b")).cookies[0]
    assert flash.pending(request_with(str(cookie.value))) is None


@given(st.binary(max_size=200))
def test_malformed_cookie_is_ignored(raw: bytes) -> None:
    assert flash.pending(request_with(base64.urlsafe_b64encode(raw).decode())) is None


def test_long_message_is_cut_to_fit_a_cookie() -> None:
    cookie = flash.redirect("/teach", "ä" * 5000).cookies[0]
    found = flash.pending(request_with(str(cookie.value)))
    assert found is not None
    assert set(found.text) == {"ä"}
    assert len(str(cookie.value)) < 4000


def test_saved_form_is_named_without_a_message() -> None:
    cookie = flash.redirect("/teach", saved="lesson-1").cookies[0]
    found = flash.pending(request_with(str(cookie.value)))
    assert found is not None
    assert (found.text, found.saved) == ("", "lesson-1")
    assert not flash.redirect("/teach").cookies
