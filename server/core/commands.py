"""Shared parts of the `skillstudio` commands: settings options, error sentences, the console."""

import asyncio
import functools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from server.settings import PREFIX, Settings, SettingsError, load

if TYPE_CHECKING:
    from rich.console import Console

    from storage.database.engine import Database

Result = TypeVar("Result")

_OPTIONS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "data": click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Data folder."),
    "host": click.option("--host", help="Address to listen on."),
    "port": click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on."),
    "workers": click.option(
        "--workers", type=click.IntRange(0, 256), help="Encoding processes; 0: one per core."
    ),
}


def settings_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator that adds --data and the named options, passed to the function as `given`."""
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
    """Decorator that passes `settings: Settings`, overridden by --data and the named options."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_loaded(given: dict[str, Any], **arguments: Any) -> Any:
            return function(settings=load(**given)[0], **arguments)

        return settings_options(*names)(with_loaded)

    return decorate


def with_database(settings: Settings, work: Callable[["Database"], Awaitable[Result]]) -> Result:
    """Result of `work` with the database of an existing installation."""

    async def run() -> Result:
        async with existing_database(settings) as database:
            return await work(database)

    return asyncio.run(run())


@asynccontextmanager
async def existing_database(settings: Settings) -> AsyncIterator["Database"]:
    """Database of an existing installation: a mistyped folder must not become a new one.

    Raises SettingsError with what to do.
    """
    from storage.database import migrations
    from storage.database.engine import Database

    if not settings.database_url and not (settings.data / "skillstudio.db").is_file():
        raise SettingsError(
            f"There is no SkillStudio in the folder {settings.data}. "
            f"Name its folder with --data, or make one: skillstudio migrate --data {settings.data}"
        )
    database = Database(settings.database)
    try:
        if await migrations.schema(database) is not migrations.Schema.CURRENT:
            raise SettingsError("The database is of another version. Run: skillstudio migrate")
        yield database
    finally:
        await database.close()


def sentence(failure: Exception) -> str | None:
    """Error message for the terminal; None for an internal error, which needs a traceback."""
    from redis.exceptions import RedisError
    from sqlalchemy.exc import DBAPIError

    from server.core.errors import Problem
    from storage.database.engine import DatabaseUnreachable
    from storage.database.migrations import SchemaTooNew
    from storage.objects.store import StoreError
    from transcoder.ffmpeg.process import SandboxUnknown
    from transcoder.ffmpeg.tools import ToolsMissing

    known = (Problem, SandboxUnknown, SchemaTooNew, StoreError, ToolsMissing, SettingsError)
    if isinstance(failure, known):
        return str(failure)
    if isinstance(failure, DatabaseUnreachable):
        return f"{failure}. Check {PREFIX}DATABASE_URL, and whether the server runs."
    if isinstance(failure, DBAPIError):
        return f"The database failed: {failure.orig}. Run `skillstudio doctor` for details."
    if isinstance(failure, RedisError):
        return f"The queue failed: {failure}. Run `skillstudio doctor` for details."
    return None


PIPE_COLUMNS = 200  # for a file or a pipe, where nothing limits a line: a wrapped path cannot be copied


def console() -> "Console":
    from rich.console import Console

    columns = None if sys.stdout.isatty() else PIPE_COLUMNS
    return Console(soft_wrap=True, highlight=False, width=columns)
