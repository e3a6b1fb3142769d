"""Logging configuration for our own and the libraries' loggers: text for people, JSON for machines."""

import io
import logging
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from threading import Lock
from time import monotonic
from typing import Any, TextIO

import structlog
from structlog.typing import ExcInfo

from storage.database.engine import DatabaseUnreachable

REPEAT_SECONDS = 60.0  # between two warnings that say the same
REMEMBERED_LINES = 256
VARYING = {"timestamp", "request", "retry_in"}  # fields in which lines that say the same differ
FIELD_LENGTH = 1000  # characters of a field in a line; a traceback may be longer
SECRET_SEGMENT = re.compile(
    r"(/(?:m|setup|invite)/+)[^/\s]{20,}"
)  # path tokens, of 35 and 43 characters, grant access
# Library loggers, limited to warnings and above.
QUIET = ("granian", "_granian", "alembic", "dramatiq", "urllib3", "asyncio", "aiosqlite")


def configure_logging(level: str = "info", form: str = "text", **always: Any) -> None:
    """Log everything to standard output. `always` (worker=…) is added to every line, from every thread."""

    def add_always(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**always, **event}

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        add_always,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _reason,
        _printable_fields,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(RepeatedLines(monotonic))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendering(form))
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    logging.getLogger("urllib3.connectionpool").setLevel(
        logging.ERROR
    )  # tells every retry; we tell the outcome


def _rendering(form: str) -> list[Any]:
    bare = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if form == "json":
        return [
            bare,
            structlog.processors.format_exc_info,
            _without_secrets,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ]
    return [
        bare,
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, exception_formatter=_traceback),
    ]


class RepeatedLines(logging.Filter):
    """Drops a warning or error that said the same within the last minute; the next one has how many were
    dropped. A service that is away makes each process repeat itself every second."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._lock = Lock()
        self._said: OrderedDict[str, tuple[float, int]] = OrderedDict()  # line -> when, dropped since

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or record.exc_info:
            return True
        said = record.msg if isinstance(record.msg, dict) else {"event": record.getMessage()}
        error = sys.exc_info()[1] if said.get("exc_info") else None
        dropped = self._dropped(f"{ {name: said[name] for name in sorted(said.keys() - VARYING)} } {error!r}")
        if dropped and isinstance(record.msg, dict):
            record.msg = {**record.msg, "repeated": dropped}
        elif dropped:
            record.msg, record.args = f"{record.getMessage()} (repeated {dropped} times)", ()
        return dropped is not None

    def _dropped(self, line: str) -> int | None:
        """None to drop it, otherwise how many were dropped since it was last written."""
        now = self._monotonic()
        with self._lock:
            at, dropped = self._said.pop(line, (-REPEAT_SECONDS, 0))
            fresh = now - at >= REPEAT_SECONDS
            self._said[line] = (now, 0) if fresh else (at, dropped + 1)
            if len(self._said) > REMEMBERED_LINES:
                self._said.popitem(last=False)
        return dropped if fresh else None


def without_secrets(text: str) -> str:
    """Text with `…` in place of the tokens of media addresses and set-up links."""
    return SECRET_SEGMENT.sub(r"\1…", text)


def printable(text: str) -> str:
    """Text from outside as a field of a log line: cut, and without characters that end or move the line."""
    cut = text if len(text) <= FIELD_LENGTH else f"{text[:FIELD_LENGTH]}…"
    return without_secrets(cut if cut.isprintable() else "".join(map(_escaped, cut)))


def _escaped(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


def _reason(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The reason alone where a traceback says nothing: every process meets a database that is away again and
    again (1 MB of log in 20 s)."""
    info = event.get("exc_info")
    error = (
        info[1] if isinstance(info, tuple) else info if isinstance(info, BaseException) else sys.exc_info()[1]
    )
    if info and isinstance(error, DatabaseUnreachable):
        event = {**event, "reason": str(error)}
        del event["exc_info"]
    return event


def _printable_fields(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: printable(value) if isinstance(value, str) else value for name, value in event.items()}


def _without_secrets(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {
        name: without_secrets(value) if isinstance(value, str) else value for name, value in event.items()
    }


def _traceback(output: TextIO, exc_info: ExcInfo) -> None:
    whole = io.StringIO()
    structlog.dev.plain_traceback(whole, exc_info)
    output.write(without_secrets(whole.getvalue()))
