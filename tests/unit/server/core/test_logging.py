"""Log lines as they are printed: one line each, of bounded length, without tokens."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog

from server.core.logging import FIELD_LENGTH, RepeatedLines, configure_logging
from storage.database.engine import DatabaseUnreachable

TOKEN = "qv3J0aKx_x9d-0Bq5Zp1u2Vw3Yz4AbCdEfG"


@contextmanager
def configured(form: str) -> Iterator[None]:
    """Logging as in a process of its own, for the time of a test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("info", form)
    try:
        yield
    finally:
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)


@pytest.mark.parametrize("form", ["text", "json"])
def test_fields_are_cut_and_escaped(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    with configured(form):
        structlog.get_logger("test").info("it\nhappened", path="\x1b[2J" + "p" * 60_000)
    (line,) = capsys.readouterr().out.splitlines()
    assert "\x1b" not in line
    assert len(line) < FIELD_LENGTH + 300


@pytest.mark.parametrize("form", ["text", "json"])
def test_tokens_are_masked_in_a_traceback_too(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    with configured(form):
        try:
            raise ValueError(f"no range in /m/{TOKEN}/video/a.m4s")
        except ValueError as error:
            structlog.get_logger("test").error("unhandled exception", path=f"//m/{TOKEN}/a", exc_info=error)
    printed = capsys.readouterr().out
    assert TOKEN not in printed
    assert "no range in /m/…/video/a.m4s" in (json.loads(printed)["exception"] if form == "json" else printed)


@pytest.mark.parametrize("form", ["text", "json"])
def test_database_that_is_away_takes_one_line(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    with configured(form):
        try:
            raise DatabaseUnreachable("The database db/media cannot be reached: refused")
        except DatabaseUnreachable as error:
            structlog.get_logger("test").exception("sweep failed")
            structlog.get_logger("test").error("sweep failed", exc_info=error)
            logging.getLogger("library").exception("sweep failed")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all("cannot be reached: refused" in line for line in lines)


@pytest.mark.parametrize("form", ["text", "json"])
def test_repeated_warning_is_written_once_a_minute(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """20 s without a database, asked a hundred times a second by everything that runs."""
    with configured(form):
        for number in range(2000):
            error = DatabaseUnreachable("The database db/media cannot be reached: refused")
            structlog.get_logger("a").warning("tasks not read", error=str(error), request=str(number))
            structlog.get_logger("a").error("no topic", exc_info=error)
            logging.getLogger("dramatiq").critical("Consumer encountered %s", error)
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 3
    assert len(printed) < 1000


def test_next_line_tells_how_many_were_dropped() -> None:
    now = 1000.0
    repeated = RepeatedLines(lambda: now)

    def line(**fields: str) -> Any:
        record = logging.LogRecord("x", logging.WARNING, "", 0, {"event": "away", **fields}, (), None)
        return record.msg if repeated.filter(record) else None

    assert line(service="queue") == {"event": "away", "service": "queue"}
    assert line(service="objects")
    now += 59
    assert line(service="queue") is None
    assert line(service="queue") is None
    now += 1
    assert line(service="queue") == {"event": "away", "service": "queue", "repeated": 2}
    assert line(service="queue") is None


def test_different_errors_and_ordinary_lines_are_all_written(capsys: pytest.CaptureFixture[str]) -> None:
    log = structlog.get_logger("test")
    with configured("text"):
        for number in range(3):
            log.info("GET / 200")
            try:
                raise ValueError(number)
            except ValueError:
                log.exception("failed")
    printed = capsys.readouterr().out
    assert printed.count("GET / 200") == 3
    assert printed.count("Traceback") == 3
