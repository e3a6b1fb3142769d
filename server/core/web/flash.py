"""One-time messages: they ride in a cookie to the next page and are gone once shown."""

import base64
import binascii
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import Cookie
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

COOKIE = "flash"
KINDS = ("success", "info", "warning", "danger")
TEXT_BYTES = 2000  # bytes of cookie; browsers drop whole cookies above 4 KB


class Undo(msgspec.Struct, frozen=True):
    """A form of one field, posted to a path of ours, that takes back what was just done."""

    path: str
    field: str
    value: str


class Flash(msgspec.Struct, frozen=True):
    """`text` is already in the reader's language."""

    kind: str
    text: str
    undo: Undo | None = None


def redirect(path: str, flash: str = "", kind: str = "success", *, undo: Undo | None = None) -> Redirect:
    """303 to a page of ours that then shows `flash`, so that a reload does not post again."""
    cookies = [_cookie(Flash(kind, flash, undo))] if flash else None
    return Redirect(path, status_code=HTTP_303_SEE_OTHER, cookies=cookies)


def pending(request: Request[Any, Any, Any]) -> Flash | None:
    """What the last request left. Anything that is not ours is nothing."""
    raw = request.cookies.get(COOKIE, "")
    if not raw or len(raw) > TEXT_BYTES * 2:
        return None
    try:
        flash = msgspec.json.decode(base64.urlsafe_b64decode(raw), type=Flash)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    ours = flash.kind in KINDS and (flash.undo is None or is_local(flash.undo.path))
    return flash if ours else None


def is_local(path: str) -> bool:
    return path.startswith("/") and not path.startswith(("//", "/\\"))


def spent() -> Cookie:
    return Cookie(key=COOKIE, value="", path="/", max_age=0, httponly=True, samesite="lax")


def _cookie(flash: Flash) -> Cookie:
    text = flash.text.encode()[:TEXT_BYTES].decode(errors="ignore")
    value = base64.urlsafe_b64encode(msgspec.json.encode(Flash(flash.kind, text, flash.undo))).decode()
    return Cookie(key=COOKIE, value=value, path="/", max_age=60, httponly=True, samesite="lax")
