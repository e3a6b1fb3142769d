"""CSRF protection by request headers: Sec-Fetch-Site (every browser since 2023), else Origin against Host.

There are no form tokens. Programs that send a Bearer token have no cookie that another site could use.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.errors import Forbidden
from server.core.web.cookies import cookie_name
from storage.messages import N_

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
EXEMPT = "exclude_from_csrf"  # in a route's `opt`: its input is signed and does not rely on the cookie


def is_same_origin(headers: Mapping[str, str], scheme: str) -> bool | None:
    """None when the client sends neither header. `scheme`: https, or http, of the public address."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")  # none: started by the user, not by a page
    origin = headers.get("origin")
    if origin is not None:
        parts = urlsplit(origin)
        return bool(headers.get("host")) and (parts.scheme, parts.netloc) == (scheme, headers.get("host"))
    return None


class CsrfMiddleware(ASGIMiddleware):
    """Unsafe requests with the session cookie must be same-origin; others must not come from another site.

    The second rule keeps another site from signing a visitor in under its own account.
    """

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = EXEMPT

    def __init__(self, public_url: str) -> None:
        self.cookie = cookie_name(public_url)
        self.scheme = urlsplit(public_url).scheme

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[object, object, State] = Request(scope)
        if request.method not in SAFE and not _is_bearer(request.headers):
            same_origin = is_same_origin(request.headers, self.scheme)
            if same_origin is False or (same_origin is None and self.cookie in request.cookies):
                raise Forbidden(N_("This request came from another site and was refused."))
        await next_app(scope, receive, send)


def _is_bearer(headers: Mapping[str, str]) -> bool:
    return headers.get("authorization", "").lower().startswith("bearer ")
