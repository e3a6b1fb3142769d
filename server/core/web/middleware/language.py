"""Language of a request: the best available one of its Accept-Language header, or else the institution's."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.text.i18n import negotiate, reset_language, set_language

PLAIN = ("/health/", "/metrics", "/static/", "/m/")  # answered without texts, and without the database


def language_middleware(app: ASGIApp) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["path"].startswith(PLAIN):
            return await app(scope, receive, send)
        header = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
        place = await scope["litestar_app"].state["institution_cache"].now()
        token = set_language(negotiate(header.decode("latin-1"), place.language))
        try:
            await app(scope, receive, send)
        finally:
            reset_language(token)

    return answer
