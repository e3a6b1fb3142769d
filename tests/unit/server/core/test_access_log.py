"""Access log lines, and the secrets they must not contain."""

from typing import Any

import pytest
import structlog.testing

from server.core.web.access_log import AccessLog


async def _mounted_app(scope: Any, _receive: Any, send: Any) -> None:
    """Shortens the path, as Litestar does for a mounted application."""
    scope["path"] = scope["path"].partition("/m")[2]
    await send({"type": "http.response.start", "status": 200, "headers": []})


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/m/secret/video/720p/00001.1.m4s", "GET /m/…/video/720p/00001.1.m4s 200"),
        ("/setup/secret", "GET /setup/… 200"),
        ("/teach", "GET /teach 200"),
    ],
)
async def test_tokens_are_never_logged(path: str, line: str) -> None:
    async def send(_message: Any) -> None: ...

    with structlog.testing.capture_logs() as lines:
        await AccessLog(_mounted_app)(
            {"type": "http", "method": "GET", "path": path, "headers": []},  # type: ignore[arg-type]
            None,  # type: ignore[arg-type]
            send,
        )
    assert [entry["event"] for entry in lines] == [line]
    assert ("debug" if path.startswith("/m/") else "info") == lines[0]["log_level"]
