"""A page of another site must not act with somebody's session: the browser says where a request is from.

No form tokens: Sec-Fetch-Site (every browser since 2023), else Origin against Host. Programs
that send a Bearer token bring no cookie that another site could use.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.errors import Forbidden

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
EXEMPT = "exclude_from_csrf"  # in a route's `opt`: what it takes is signed, not vouched for by a cookie


def is_from_here(headers: Mapping[str, str]) -> bool | None:
    """None when the client does not say."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")  # none: the person, not a page, asked for it
    origin = headers.get("origin")
    if origin is not None:
        return bool(headers.get("host")) and urlsplit(origin).netloc == headers.get("host")
    return None


class CsrfMiddleware(ASGIMiddleware):
    """With the session cookie, only what surely comes from here; without it, nothing from elsewhere.

    The second half keeps another site from signing somebody in under its own account.
    """

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = EXEMPT

    def __init__(self, cookie: str) -> None:
        self.cookie = cookie

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[object, object, State] = Request(scope)
        if request.method not in SAFE and not _is_bearer(request.headers):
            from_here = is_from_here(request.headers)
            if from_here is False or (from_here is None and self.cookie in request.cookies):
                raise Forbidden("This request came from another site, so it was not carried out.")
        await next_app(scope, receive, send)


def _is_bearer(headers: Mapping[str, str]) -> bool:
    return headers.get("authorization", "").lower().startswith("bearer ")
