"""Commands `skillstudio analytics backfill` and `verify`, with or without a running server."""

import sys

import click

from server.analytics import rules
from server.analytics.rollups import marking, tasks
from server.analytics.rollups.checking import Check, LeftOutFor, verify
from server.analytics.rules import Range
from server.core import events
from server.core.clock import SystemClock
from server.core.commands import with_database, with_settings
from server.settings import Settings
from storage.database.engine import Database

FIRST = click.option(
    "--from", "first", default="", help="First day, as in 2026-01-31; by default of all facts."
)
LAST = click.option("--to", "last", default="", help="Last day; by default yesterday.")

WHY = {
    LeftOutFor.SEALED: "sealed: facts were deleted, the figures stay as they were computed",
    LeftOutFor.WAITING: "not computed yet, or to be computed again",
}


@click.group("analytics")
def analytics() -> None:
    """Compute the daily figures again, or check them against the facts."""


@analytics.command("backfill")
@FIRST
@LAST
@with_settings()
def backfill(settings: Settings, first: str, last: str) -> None:
    """Compute the figures of past days, also from before they were kept."""

    async def run(database: Database) -> tuple[str, ...]:
        events.bind(database, {}, days=(marking.mark,))  # nothing else follows from what it publishes
        now = SystemClock().now()
        chosen = await _chosen(database, first, last) if first or last else None
        return await tasks.backfill(database, chosen, now)

    days = with_database(settings, run)
    click.echo(f"Days computed: {len(days)}" + (f", from {days[0]} to {days[-1]}." if days else "."))


@analytics.command("verify")
@FIRST
@LAST
@with_settings()
def verify_command(settings: Settings, first: str, last: str) -> None:
    """Recompute the stored days from the facts. Ends with status 1 when there is a difference."""

    async def run(database: Database) -> Check | None:
        chosen = await _chosen(database, first, last)
        return await verify(database, chosen, SystemClock()) if chosen else None

    check = with_database(settings, run)
    if check is None:
        click.echo("There are no figures yet.")
        return
    for one in check.differences:
        click.echo(f"{one.day} {one.row} {one.metric}: stored {one.stored}, computed {one.computed}")
    if check.found > len(check.differences):
        click.echo(f"… and {check.found - len(check.differences)} more")
    for part in check.left_out:
        days = part.first if part.first == part.last else f"{part.first} to {part.last}"
        click.echo(f"Left out: {days}, {WHY[part.why]}")
    click.echo(
        f"Days checked: {check.days}, left out (sealed or not computed yet): {check.skipped}, "
        f"differences: {check.found}"
    )
    sys.exit(1 if check.found else 0)


async def _chosen(database: Database, first: str, last: str) -> Range | None:
    """The days that were asked for, up to yesterday; None while there are none. Raises Invalid."""
    async with database.read() as session:
        current = await tasks.today(session, SystemClock().now())
        known = await tasks.first_day(session)
    yesterday = rules.later(current, -1)
    if not first and (known is None or known > yesterday):
        return None
    return rules.custom(first or known or "", last or yesterday, yesterday, longest=rules.EVER_DAYS)
