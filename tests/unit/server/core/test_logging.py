"""Log lines as they are printed: one line each, of bounded length, without tokens."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from server.core.logging import FIELD_LENGTH, configure_logging
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
