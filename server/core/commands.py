"""What the commands of `skillstudio` share: settings from options, and errors as sentences."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from server.settings import SettingsError, load

if TYPE_CHECKING:
    from rich.console import Console

_OPTIONS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "data": click.option(
        "--data", type=click.Path(file_okay=False, path_type=Path), help="Folder for everything kept."
    ),
    "host": click.option("--host", help="Address to listen on."),
    "port": click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on."),
    "workers": click.option(
        "--workers", type=click.IntRange(0, 256), help="Encoding processes; 0: one a core."
    ),
}


def settings_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --data and the named options; the function gets what was given as `given`."""
    offered = ("data", *names)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_given(**arguments: Any) -> Any:
            return function(given={name: arguments.pop(name) for name in offered}, **arguments)

        command: Callable[..., Any] = with_given
        for name in reversed(offered):
            command = _OPTIONS[name](command)
        return command

    return decorate


def with_settings(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a click command `settings: Settings`, and --data plus the named options that override it."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_loaded(given: dict[str, Any], **arguments: Any) -> Any:
            return function(settings=load(**given)[0], **arguments)

        return settings_options(*names)(with_loaded)

    return decorate


def sentence(failure: Exception) -> str | None:
    """What to tell the person at the terminal; None when it is our own mistake and needs a traceback."""
    from redis.exceptions import RedisError
    from sqlalchemy.exc import DBAPIError

    from server.core.errors import Problem
    from storage.objects.store import StoreError
    from transcoder.ffmpeg.tools import ToolsMissing

    if isinstance(failure, (Problem, StoreError, ToolsMissing, SettingsError)):
        return str(failure)
    if isinstance(failure, DBAPIError):
        return f"The database does not answer as it should: {failure.orig}. `skillstudio doctor` tells more."
    if isinstance(failure, RedisError):
        return f"The queue does not answer as it should: {failure}. `skillstudio doctor` tells more."
    return None


UNSEEN_COLUMNS = 200  # in a file or a pipe nothing limits a line, and a path in two is no path


def console() -> "Console":
    from rich.console import Console

    columns = None if sys.stdout.isatty() else UNSEEN_COLUMNS
    return Console(soft_wrap=True, highlight=False, width=columns)
