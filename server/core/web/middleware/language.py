"""Language of a request: the best available one of its Accept-Language header."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.text.i18n import negotiate, reset_language, set_language


def language_middleware(app: ASGIApp) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            return await app(scope, receive, send)
        header = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
        token = set_language(negotiate(header.decode("latin-1")))
        try:
            await app(scope, receive, send)
        finally:
            reset_language(token)

    return answer
