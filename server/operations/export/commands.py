"""Command `skillstudio export`, with or without a running server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click

from server.core.clock import SystemClock
from server.core.commands import existing_database, with_settings
from server.operations.export.service import Exported
from server.operations.export.service import export as steps
from server.settings import Settings, SettingsError
from storage.messages import size_text
from storage.objects.open import open_store
from storage.objects.store import ObjectStore


@click.command("export")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--without-media", is_flag=True, help="Only people, courses, lessons, enrolments and facts.")
@with_settings()
def export(settings: Settings, target: Path, without_media: bool) -> None:
    """Write everything that the institution has here to TARGET, a new folder or a file that ends in .tar.

    Plain files: JSON lines, originals, and the lectures as folders of HLS; a README in it says what is what.
    An interrupted export to a folder goes on when it is called again.
    """

    def report(done: int, total: int) -> None:
        click.echo(f"Lesson {done + 1} of {total}", err=True)

    async def run() -> Exported:
        async with existing_database(settings) as database, _store(settings) as store:
            return await steps(
                database,
                store,
                target.absolute(),
                with_media=not without_media,
                now=SystemClock().now(),
                report=report,
            )

    try:
        done = asyncio.run(run())
    except OSError as error:
        raise click.ClickException(f"{error.filename or target}: {error.strerror or error}") from None
    size = size_text(done.bytes)
    click.echo(f"{target} is complete: {done.rows} rows, media of {done.lessons} lessons with {size}.")
    if done.missing:
        click.echo(f"{done.missing} files were deleted meanwhile: see missing.txt in it.")


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[ObjectStore]:
    try:
        store = open_store(settings.objects)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    try:
        yield store
    finally:
        await store.close()
