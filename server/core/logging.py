"""Logging configuration for our own and the libraries' loggers: text for people, JSON for machines."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

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
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendering(form))
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def _rendering(form: str) -> list[Any]:
    bare = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if form == "json":
        return [
            bare,
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ]
    return [
        bare,
        structlog.dev.ConsoleRenderer(
            colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
