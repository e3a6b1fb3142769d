"""What the commands of `skillstudio` share: settings from options, and errors as sentences."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from server.settings import Settings, SettingsWrong, load

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


def with_settings(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a click command `settings: Settings`, and --data plus the named options that override it."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_them(**arguments: Any) -> Any:
            given = {name: arguments.pop(name) for name in ("data", *names)}
            return function(settings=settings_of(given), **arguments)

        command: Callable[..., Any] = with_them
        for name in reversed(("data", *names)):
            command = _OPTIONS[name](command)
        return command

    return decorate


def settings_of(given: dict[str, Any]) -> Settings:
    try:
        return load(**given)[0]
    except SettingsWrong as wrong:
        raise click.ClickException(str(wrong)) from None


def sentence(failure: Exception) -> str | None:
    """What to tell the person at the terminal; None when it is our own mistake and needs a traceback."""
    from redis.exceptions import RedisError
    from sqlalchemy.exc import DBAPIError

    from server.kit.errors import Problem
    from storage.objects.store import StoreError
    from transcoder.tools import ToolsMissing

    if isinstance(failure, (Problem, StoreError, ToolsMissing, SettingsWrong)):
        return str(failure)
    if isinstance(failure, DBAPIError):
        return f"The database does not answer as it should: {failure.orig}. `skillstudio doctor` tells more."
    if isinstance(failure, RedisError):
        return f"The queue does not answer as it should: {failure}. `skillstudio doctor` tells more."
    return None
