"""`skillstudio demo seed`: a university with a year of activity, to look around in."""

import logging
import sys
from time import monotonic

import click
import structlog
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from server.core.commands import console, with_settings
from server.demo.people.members import LEAST, MOST, PEOPLE
from server.demo.seeding import LogIns, Show
from server.settings import Settings


@click.group("demo")
def demo() -> None:
    """Fill an empty installation with a university to look around in."""


@demo.command("seed")
@click.option(
    "--people", type=click.IntRange(LEAST, MOST), default=PEOPLE, show_default=True, help="How many."
)
@click.option("--password", help="Of the three log-ins; by default one is made and printed.")
@with_settings("workers")
def seed(settings: Settings, people: int, password: str | None) -> None:
    """Write 40 courses with 60 lectures and a year of activity, and print the log-ins.

    Works with and without a running server. Refused where there are people or courses. Killed half way, it
    is run again and goes on.
    """
    from server.demo.running import run

    structlog.configure(  # what the workers tell is in their log files
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    show = Shown()
    with show.bars:
        log_ins = run(settings, people, password, show)
        show.end()
    if log_ins is None:
        click.echo("Stopped. Run the command again: it goes on where it was.", err=True)
        sys.exit(130)
    _print(settings, log_ins)


def _print(settings: Settings, log_ins: LogIns) -> None:
    out = console()
    out.print(f"The demo is ready at [bold]{settings.public_url}[/bold] (start it with `skillstudio up`).")
    if log_ins.administrator:
        out.print(f"  Administrator  {log_ins.administrator}")
    else:
        out.print("  Administrator  you, as before")
    out.print(f"  Instructor     {log_ins.instructor}")
    out.print(f"  Learner        {log_ins.learner}")
    out.print(f"  Password       [bold]{log_ins.password}[/bold]")


class Shown(Show):
    """A bar for each stage on a terminal; elsewhere a line for each stage that has ended."""

    def __init__(self) -> None:
        self._console = console()
        self._task: TaskID | None = None
        self._title, self._began = "", 0.0
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def stage(self, title: str) -> None:
        self.end()
        self._title, self._began = title, monotonic()
        self._task = self.bars.add_task(title, total=None)

    def part(self, done: float, of: float) -> None:
        if self._task is not None:
            self.bars.update(self._task, completed=done, total=of)

    def end(self) -> None:
        """The stage that is going on has ended."""
        if self._task is None:
            return
        self.bars.update(self._task, total=1, completed=1)
        self.bars.stop_task(self._task)
        if not self._console.is_terminal:
            click.echo(f"{self._title}: {monotonic() - self._began:.1f} s")
        self._task = None
