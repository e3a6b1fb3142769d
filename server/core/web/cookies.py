"""Cookies of sessions and of known browsers: their names and attributes."""

from datetime import timedelta

from litestar.datastructures import Cookie


def is_plain(public_url: str) -> bool:
    """Whether cookies omit Secure: over http, as in a closed network, browsers keep none that has it."""
    return public_url.startswith("http:")


def cookie_name(public_url: str, suffix: str = "") -> str:
    """With `__Host-`, which keeps a neighbouring subdomain from setting the cookie (RFC 6265bis 4.1.3.2)."""
    name = f"skillstudio-{suffix}" if suffix else "skillstudio"
    return name if is_plain(public_url) else f"__Host-{name}"


def session_cookie(public_url: str, secret: str) -> Cookie:
    """Session cookie without Max-Age: it ends with the browser, and the server's row decides anyway."""
    return Cookie(
        key=cookie_name(public_url),
        value=secret,
        path="/",
        httponly=True,
        secure=not is_plain(public_url),
        samesite="lax",
    )


def device_cookie(public_url: str, suffix: str, value: str, lifetime: timedelta) -> Cookie:
    cookie = session_cookie(public_url, value)
    cookie.key = cookie_name(public_url, suffix)
    cookie.max_age = int(lifetime.total_seconds())
    return cookie


def cleared_cookie(public_url: str) -> Cookie:
    cookie = session_cookie(public_url, "")
    cookie.max_age = 0
    return cookie
