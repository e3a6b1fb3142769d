"""Flash messages: kept in a cookie until the next page shows them, once.

The cookie is signed: a message may hold a form, which nobody else may plant, not even a neighbouring host.
"""

import base64
import binascii
import secrets
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Request
from litestar.datastructures import Cookie
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import Message, Scope
from sqlalchemy.exc import DBAPIError

from server.core.security import sign, verify
from server.core.signing_keys import live_keys

log = structlog.get_logger()

COOKIE = "flash"
STATE_KEY = "flash_keys"
SET = b"flash="  # of the response header
KINDS = ("success", "info", "warning", "danger")
KEY_LENGTH = 100
TEXT_BYTES = 2000  # a longer text is cut: browsers drop whole cookies above 4 KB


class Undo(msgspec.Struct, frozen=True):
    """Form of one field, posted to a path of this site, that reverts the last action."""

    path: str
    field: str
    value: str


class Flash(msgspec.Struct, frozen=True):
    """One message. `text` is already translated."""

    kind: str
    text: str
    undo: Undo | None = None
    saved: str = ""  # key of the form that was saved: keep.js forgets what was typed in it


def redirect(
    path: str, flash: str = "", kind: str = "success", *, undo: Undo | None = None, saved: str = ""
) -> Redirect:
    """303 to a page of this site, which then shows `flash`; a reload does not post again.

    `saved` is `form[KEY]` of a form with the macro `kept`.
    """
    saved = saved[:KEY_LENGTH]
    cookies = [_cookie(Flash(kind, flash, undo, saved))] if flash or saved else None
    return Redirect(path, status_code=HTTP_303_SEE_OTHER, cookies=cookies)


def pending(request: Request[Any, Any, Any]) -> Flash | None:
    """Message set by the last response; None for none and for a cookie that we have not signed."""
    raw, _, signature = request.cookies.get(COOKIE, "").rpartition(".")
    if not raw or not verify(request.app.state[STATE_KEY], raw.encode(), signature):
        return None
    try:
        flash = msgspec.json.decode(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)), type=Flash)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    valid = flash.kind in KINDS and (flash.undo is None or is_local(flash.undo.path))
    return flash if valid else None


async def load_keys(app: Litestar) -> None:
    """At startup. Without a database messages are signed for this process only."""
    keys: tuple[bytes, ...] = (secrets.token_bytes(32),)
    try:
        keys = await live_keys(app.state["database"], "flash", app.state["clock"].now())
    except (DBAPIError, OSError) as error:
        log.warning("keys of flash messages not loaded", error=str(error))
    app.state[STATE_KEY] = keys


async def sign_cookie(message: Message, scope: Scope) -> None:
    """Hook for Litestar's `before_send`: sign the message that the response sets."""
    if message["type"] != "http.response.start":
        return
    if any(name == b"set-cookie" and value.startswith(SET) for name, value in message["headers"]):
        key: bytes = scope["litestar_app"].state[STATE_KEY][0]
        message["headers"] = [
            (name, _signed(value, key) if name == b"set-cookie" and value.startswith(SET) else value)
            for name, value in message["headers"]
        ]


def _signed(header: bytes, key: bytes) -> bytes:
    value, end, attributes = header.removeprefix(SET).partition(b";")
    signature = b"." + sign(key, value).encode() if value.strip(b'"') else b""  # not of one that is cleared
    return SET + value + signature + end + attributes


def is_local(path: str) -> bool:
    return path.startswith("/") and not path.startswith(("//", "/\\"))


def cleared_cookie() -> Cookie:
    return Cookie(key=COOKIE, value="", path="/", max_age=0, httponly=True, samesite="lax")


def _cookie(flash: Flash) -> Cookie:
    text = flash.text.encode()[:TEXT_BYTES].decode(errors="ignore")
    value = base64.urlsafe_b64encode(msgspec.json.encode(msgspec.structs.replace(flash, text=text)))
    # Without padding, which would be quoted.
    unpadded = value.decode().rstrip("=")
    return Cookie(key=COOKIE, value=unpadded, path="/", max_age=60, httponly=True, samesite="lax")
