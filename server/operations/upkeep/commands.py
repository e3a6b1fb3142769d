"""Command `skillstudio maintenance`: maintenance mode, with or without a running server."""

import click

from server.core.clock import SystemClock
from server.core.commands import with_database, with_settings
from server.core.text.formats import local_time
from server.operations.upkeep import maintenance as mode
from server.operations.upkeep.maintenance import Notice
from server.settings import Settings
from storage.database.engine import Database


@click.group("maintenance")
def maintenance() -> None:
    """Let only administrators work, while the server is being worked on."""


@maintenance.command("on")
@click.option("--message", default="", help="What people are told.")
@click.option("--until", default="", help="Expected end, as in 18:30 or '2026-12-01 18:30'.")
@with_settings()
def on(settings: Settings, message: str, until: str) -> None:
    """Begin, or change message and expected end."""
    notice = with_database(
        settings, lambda database: mode.turn_on(database, message, until, SystemClock().now())
    )
    click.echo(_told(notice))


@maintenance.command("off")
@with_settings()
def off(settings: Settings) -> None:
    """End it: everybody can go on."""
    with_database(settings, lambda database: mode.turn_off(database, SystemClock().now()))
    click.echo(_told(None))


@maintenance.command("status")
@with_settings()
def status(settings: Settings) -> None:
    """Say whether it is on."""

    async def current(database: Database) -> Notice | None:
        async with database.read() as session:
            return await mode.current(session)

    click.echo(_told(with_database(settings, current)))


def _told(notice: Notice | None) -> str:
    if notice is None:
        return "Maintenance is off."
    zone = notice.time_zone
    end = f", expected end {local_time(notice.until, zone)}" if notice.until else ""
    lines = [f"Maintenance is on since {local_time(notice.since, zone)}{end} ({zone})."]
    return "\n".join([*lines, notice.message] if notice.message else lines)
