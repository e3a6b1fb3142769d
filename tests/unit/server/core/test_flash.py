"""Flash message cookie: round trip, validation and size."""

import base64
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request
from litestar.datastructures import State
from litestar.response import Redirect

from server.core.security import sign
from server.core.web import flash

KEYS = (b"k" * 32, b"o" * 32)
APP = SimpleNamespace(state={flash.STATE_KEY: KEYS})


async def sent(answer: Redirect) -> str:
    """Value of the cookie as it leaves the server."""
    header = answer.cookies[0].to_encoded_header()[1]
    message: Any = {"type": "http.response.start", "headers": [(b"set-cookie", header)]}
    await flash.sign_cookie(message, {"litestar_app": APP})  # type: ignore[arg-type]
    return SimpleCookie(message["headers"][0][1].decode())["flash"].value


def request_with(cookie: str) -> Request[Any, Any, State]:
    scope = {
        "type": "http",
        "headers": [(b"cookie", f"flash={cookie}".encode())],
        "path": "/",
        "litestar_app": APP,
    }
    return Request(scope)  # type: ignore[arg-type]


@given(st.text(min_size=1, max_size=300), st.sampled_from(flash.KINDS))
async def test_message_survives_the_cookie(text: str, kind: str) -> None:
    cookie = await sent(flash.redirect("/teach", text, kind, undo=flash.Undo("/again", "email", "ada@x")))
    found = flash.pending(request_with(cookie))
    assert found is not None
    assert (found.kind, found.text, found.undo) == (kind, text, flash.Undo("/again", "email", "ada@x"))


@pytest.mark.parametrize(
    "path", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"]
)
async def test_undo_path_must_be_local(path: str) -> None:
    cookie = await sent(flash.redirect("/teach", "Done.", undo=flash.Undo(path, "a", "b")))
    assert flash.pending(request_with(cookie)) is None


@given(st.binary(max_size=200))
def test_malformed_cookie_is_ignored(raw: bytes) -> None:
    value = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    assert flash.pending(request_with(value)) is None
    assert flash.pending(request_with(f"{value}.{sign(KEYS[0], value.encode())}")) is None


async def test_planted_message_is_ignored() -> None:
    cookie = await sent(flash.redirect("/teach", "Done.", undo=flash.Undo("/again", "email", "ada@x")))
    value, _, signature = cookie.rpartition(".")
    planted = base64.urlsafe_b64encode(b'{"kind": "info", "text": "Sign in again"}').decode().rstrip("=")
    for forged in (
        value,
        f"{planted}.{signature}",
        f"{value}.{sign(b'x' * 32, value.encode())}",
        f"{value}.",
    ):
        assert flash.pending(request_with(forged)) is None
    assert (
        flash.pending(request_with(f"{value}.{sign(KEYS[1], value.encode())}")) is not None
    )  # the previous key


async def test_long_message_is_cut_to_fit_a_cookie() -> None:
    cookie = await sent(flash.redirect("/teach", "ä" * 5000))
    found = flash.pending(request_with(cookie))
    assert found is not None
    assert set(found.text) == {"ä"}
    assert len(cookie) < 4000


async def test_saved_form_is_named_without_a_message() -> None:
    cookie = await sent(flash.redirect("/teach", saved="lesson-1"))
    found = flash.pending(request_with(cookie))
    assert found is not None
    assert (found.text, found.saved) == ("", "lesson-1")
    assert not flash.redirect("/teach").cookies
