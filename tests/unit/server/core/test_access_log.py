"""Access log lines, and the secrets they must not contain."""

import logging
from typing import Any

import pytest
import structlog.testing

from server.core.logging import FIELD_LENGTH
from server.core.web.metrics import RequestMetrics
from server.core.web.middleware.access_log import AccessLog


async def _mounted_app(scope: Any, _receive: Any, send: Any) -> None:
    """Shortens the path, as Litestar does for a mounted application."""
    scope["path"] = scope["path"].partition("/m")[2]
    await send({"type": "http.response.start", "status": 200, "headers": []})


TOKEN = "qv3J0aKx_x9d-0Bq5Zp1u2Vw3Yz4AbCdEfG"


async def logged(method: str, path: str, metrics: RequestMetrics | None = None) -> Any:
    async def send(_message: Any) -> None: ...

    with structlog.testing.capture_logs() as lines:
        await AccessLog(_mounted_app, metrics or RequestMetrics())(
            {"type": "http", "method": method, "path": path, "headers": []},  # type: ignore[arg-type]
            None,  # type: ignore[arg-type]
            send,
        )
    return lines


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (f"/m/{TOKEN}/video/720p/00001.1.m4s", "GET /m/…/video/720p/00001.1.m4s 200"),
        (f"//m/{TOKEN}/video/720p/00001.1.m4s", "GET //m/…/video/720p/00001.1.m4s 200"),
        (f"/x/m//{TOKEN}/video", "GET /x/m//…/video 200"),
        (f"/setup/{TOKEN}", "GET /setup/… 200"),
        ("/teach", "GET /teach 200"),
        ("/a\nGET /admin 200", "GET /a\\nGET /admin 200 200"),
        ("/\x1b[2J\u2028\u202e", "GET /\\x1b[2J\\u2028\\u202e 200"),
    ],
)
async def test_line_is_one_line_without_tokens(
    path: str, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "access")
    lines = await logged("GET", path)
    assert [entry["event"] for entry in lines] == [line]
    assert ("debug" if path.startswith("/m/") else "info") == lines[0]["log_level"]


async def test_frequent_lines_are_not_made_above_debug_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "access")
    assert await logged("GET", "/m/token/video") == []


async def test_long_fields_are_cut_and_strange_methods_share_a_label() -> None:
    metrics = RequestMetrics()
    labels = metrics.exposition().count(b"method=")
    for number in range(3):
        (line,) = await logged(f"{'M' * 60_000}{number}", "/" + "p" * 60_000, metrics)
        assert len(line["event"]) == FIELD_LENGTH + 1
    assert b'skillstudio_requests_total{method="other",status="2xx"} 3.0' in metrics.exposition()
    assert metrics.exposition().count(b"method=") == labels


async def test_probes_are_not_counted_as_requests() -> None:
    metrics = RequestMetrics()
    await logged("GET", "/health/ready", metrics)
    assert b"skillstudio_request_seconds_count 0.0" in metrics.exposition()
    await logged("GET", "/teach", metrics)
    assert b"skillstudio_request_seconds_count 1.0" in metrics.exposition()
