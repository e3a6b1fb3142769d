"""Security headers of every response: content, referrer and transport policies."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # a path token must not leak to another site
    "Cross-Origin-Opener-Policy": "same-origin",
}
HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}
PRIVATE = (
    "/api/",
    "/account",
    "/admin",
    "/teach",
    "/dashboard",
    "/files/",
    "/setup/",
    "/invite/",
    "/sign-",
    "/join",
    "/certificates/",
)  # kept by no cache
INLINE_STYLES = "inline_styles"


def content_security_policy(*, inline_styles: bool = False) -> str:
    """Policy that allows only this origin and no inline script."""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'" if inline_styles else "style-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def allow_inline_styles(request: Request[Any, Any, Any]) -> None:
    """Inline styles for pages with media-chrome, whose elements contain them. Scripts stay restricted."""
    request.scope["state"][INLINE_STYLES] = True


def response_headers(*, https: bool) -> Callable[[Message, Scope], Awaitable[None]]:
    """Hook for Litestar's `before_send`. A header set by the handler is kept."""
    common = {**COMMON, **(HTTPS_ONLY if https else {})}
    policies = {allowed: content_security_policy(inline_styles=allowed) for allowed in (False, True)}

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            policy = policies[bool(scope["state"].get(INLINE_STYLES))]
            if scope["path"].startswith(PRIVATE):
                headers.setdefault("Cache-Control", "no-store")
            for name, value in {**common, "Content-Security-Policy": policy}.items():
                headers.setdefault(name, value)

    return add
