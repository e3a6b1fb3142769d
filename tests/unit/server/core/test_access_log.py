"""What is written down of a request, and what never is."""

from typing import Any

import pytest
import structlog.testing

from server.core.web.access_log import AccessLog


async def _shortens(scope: Any, _receive: Any, send: Any) -> None:
    """As a mounted application sees its path."""
    scope["path"] = scope["path"].partition("/m")[2]
    await send({"type": "http.response.start", "status": 200, "headers": []})


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/m/secret/video/720p/00001.1.m4s", "GET /m/…/video/720p/00001.1.m4s 200"),
        ("/setup/secret", "GET /setup/… 200"),
        ("/teach", "GET /teach 200"),
    ],
)
async def test_tokens_are_never_written_down(path: str, written: str) -> None:
    async def send(_message: Any) -> None: ...

    with structlog.testing.capture_logs() as lines:
        await AccessLog(_shortens)(
            {"type": "http", "method": "GET", "path": path, "headers": []},  # type: ignore[arg-type]
            None,  # type: ignore[arg-type]
            send,
        )
    assert [line["event"] for line in lines] == [written]
    assert ("debug" if path.startswith("/m/") else "info") == lines[0]["log_level"]
