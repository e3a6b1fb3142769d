"""Flash messages: kept in a cookie until the next page shows them, once."""

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
    """Message set by the last response; None for none and for a malformed cookie."""
    raw = request.cookies.get(COOKIE, "")
    if not raw or len(raw) > TEXT_BYTES * 2:
        return None
    try:
        flash = msgspec.json.decode(base64.urlsafe_b64decode(raw), type=Flash)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    valid = flash.kind in KINDS and (flash.undo is None or is_local(flash.undo.path))
    return flash if valid else None


def is_local(path: str) -> bool:
    return path.startswith("/") and not path.startswith(("//", "/\\"))


def cleared_cookie() -> Cookie:
    return Cookie(key=COOKIE, value="", path="/", max_age=0, httponly=True, samesite="lax")


def _cookie(flash: Flash) -> Cookie:
    text = flash.text.encode()[:TEXT_BYTES].decode(errors="ignore")
    value = base64.urlsafe_b64encode(msgspec.json.encode(msgspec.structs.replace(flash, text=text))).decode()
    return Cookie(key=COOKIE, value=value, path="/", max_age=60, httponly=True, samesite="lax")
