"""`skillstudio doctor`: missing requirements of this machine, with remedies."""

import asyncio

import click
from rich.table import Table

from server.core.commands import console, with_settings
from server.operations.findings import Finding, State, about_machine
from server.operations.service_checks import about_services
from server.settings import Settings

MARKS = {
    State.GOOD: "[green]✓[/green]",
    State.HINT: "[yellow]![/yellow]",
    State.MISSING: "[bold red]✗[/bold red]",
}


@click.command("doctor")
@click.option("--video", metavar="ID", help="Check this lecture's playlists and every byte of it instead.")
@click.option("--repair", is_flag=True, help="Make again what is damaged of the lecture.")
@with_settings("host", "port", "workers")
def doctor(settings: Settings, video: str | None, repair: bool) -> None:
    """Report missing requirements and their remedies. Exit code 1 when something does not work."""
    if video:
        from server.encoding.repair.commands import verify_video

        raise SystemExit(asyncio.run(verify_video(settings, video, repair=repair)))
    if repair:
        raise click.UsageError("Name the lecture: --video ID --repair.")
    findings = asyncio.run(_findings(settings))
    show(findings)
    if any(finding.state is State.MISSING for finding in findings):
        raise SystemExit(1)


async def _findings(settings: Settings) -> list[Finding]:
    return [*about_machine(settings), *[finding async for finding in about_services(settings)]]


def show(findings: list[Finding]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column()
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for finding in findings:
        remedy = f"\n[cyan]→ {finding.remedy}[/cyan]" if finding.remedy else ""
        table.add_row(MARKS[finding.state], finding.name, finding.message + remedy)
    console().print(table)
