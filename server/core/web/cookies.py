"""Session cookie: its name and its attributes."""

from urllib.parse import urlsplit

from litestar.datastructures import Cookie

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def is_plain(public_url: str) -> bool:
    """Whether the cookie omits Secure: only where browsers use http on this machine."""
    parts = urlsplit(public_url)
    return parts.scheme == "http" and parts.hostname in LOCAL_HOSTS


def cookie_name(public_url: str) -> str:
    """With `__Host-`, which keeps a neighbouring subdomain from setting the cookie (RFC 6265bis 4.1.3.2)."""
    return "skillstudio" if is_plain(public_url) else "__Host-skillstudio"


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


def cleared_cookie(public_url: str) -> Cookie:
    cookie = session_cookie(public_url, "")
    cookie.max_age = 0
    return cookie
