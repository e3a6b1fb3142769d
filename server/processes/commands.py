"""Commands that run SkillStudio. Each imports only what it starts."""

import asyncio
import os
from dataclasses import fields
from typing import Any

import click

from server.core.commands import settings_options, with_settings
from server.settings import Settings, load

MASK = "••••••"


@click.command("up")
@with_settings("host", "port", "workers")
def up(settings: Settings) -> None:
    """Run everything on this machine, until Ctrl-C."""
    from server.processes.up import up

    up(settings)


@click.command("server")
@with_settings("host", "port")
def server(settings: Settings) -> None:
    """Run one web server."""
    from server.processes.web import serve

    serve(settings)


@click.command("worker")
@click.option("--queue", type=click.Choice(["quick", "transcode"]), help="Run one process for this queue.")
@click.option("--slot", help="Name of this process, unique on the machine.")
@with_settings("workers")
def worker(settings: Settings, queue: str | None, slot: str | None) -> None:
    """Run the workers of this machine: one for quick jobs and one encoder per core, or a single one."""
    if queue is None:
        from server.processes.up import run_workers

        run_workers(settings)
    else:
        from server.processes.worker import work

        work(settings, queue, slot or f"{queue}-{os.getpid()}")


@click.command("scheduler")
@with_settings()
def scheduler(settings: Settings) -> None:
    """Run the periodic sweeps: lost jobs, interrupted uploads, unused objects, ended sessions."""
    from server.processes.scheduler import run

    run(settings)


@click.command("migrate")
@with_settings()
def migrate(settings: Settings) -> None:
    """Upgrade the database to the newest schema; print a set-up link while there is no administrator.

    Safe to run twice: a new link replaces the previous one.
    """
    from server.accounts.signing_in.setup import ensure_setup_link
    from server.processes.startup_summary import show_setup_link
    from server.processes.up import make_data_folder
    from storage.database import migrations
    from storage.database.engine import Database

    make_data_folder(settings.data)
    database = Database(settings.database)

    async def upgrade() -> str | None:
        try:
            await migrations.upgrade(database)
            return await ensure_setup_link(database)
        finally:
            await database.close()

    path = asyncio.run(upgrade())
    click.echo("The database has the newest schema.")
    show_setup_link(settings, path)


@click.command("settings")
@settings_options("host", "port", "workers")
@click.option("--markdown", is_flag=True, help="Print docs/settings.md instead.")
def settings_command(given: dict[str, Any], markdown: bool) -> None:
    """Print every setting with its origin; secrets are masked."""
    if markdown:
        from server.operations.reference import settings_markdown

        click.echo(settings_markdown(), nl=False)
        return
    settings, origins = load(**given)
    for item in fields(Settings):
        value = getattr(settings, item.name)
        shown = MASK if item.metadata["secret"] and value else str(value)
        click.echo(f"{item.name:<20} {shown or '(empty)':<36} {origins[item.name]}")
