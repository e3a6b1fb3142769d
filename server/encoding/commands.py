"""`skillstudio ingest`: local files into lessons, with a progress bar for each."""

import asyncio
import logging
import sys
from pathlib import Path

import click
import msgspec
import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from server.core.clock import SystemClock
from server.core.commands import with_settings
from server.core.errors import Problem
from server.core.instance import UP, address
from server.encoding import ingest as steps
from server.encoding.ingest import Outcome
from server.encoding.presentation import presentation
from server.encoding.progress import LessonProgress
from server.library import lessons
from server.services import services
from server.settings import Settings
from server.uploads.context import UploadContext
from storage.database.tables import Video
from storage.objects.store import StoreError


@click.command("ingest")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
)
@click.option("--lesson", "lesson_id", metavar="ID", help="Lesson that receives the one file.")
@click.option(
    "--course",
    metavar="TITLE",
    help="Course, by title or id, that receives a draft lesson for each file, named after the file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each file.")
@click.option("--detach", is_flag=True, help="Do not wait for the encoding.")
@with_settings()
def ingest(
    settings: Settings,
    files: tuple[Path, ...],
    lesson_id: str | None,
    course: str | None,
    as_json: bool,
    detach: bool,
) -> None:
    """Import FILES into a lesson or a course, and wait until they are encoded.

    A missing course or lesson is created. A file whose lesson already has a video becomes its new
    revision. Exits with 1 when a file fails; the other files continue.
    """
    if (lesson_id is None) == (course is None):
        raise click.UsageError("Name either --lesson ID or --course TITLE.")
    if lesson_id is not None and len(files) > 1:
        raise click.UsageError("One lesson takes one file. For several files, use --course TITLE.")
    structlog.configure(  # standard output holds only the outcomes
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    run = Ingest(settings, Console(stderr=True), as_json=as_json, detach=detach)
    try:
        outcomes = asyncio.run(run.all(files, lesson_id, course))
    except KeyboardInterrupt:
        click.echo("Stopped waiting. Submitted files are still encoded.", err=True)
        sys.exit(130)
    sys.exit(any(outcome.failed for outcome in outcomes))


class Ingest:
    def __init__(self, settings: Settings, console: Console, *, as_json: bool, detach: bool) -> None:
        self.settings, self.console = settings, console
        self.as_json, self.detach = as_json, detach
        self.clock = SystemClock()
        self.bars = Progress(
            TextColumn("{task.fields[file]}", markup=False),
            BarColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            disable=as_json or not console.is_terminal,
        )

    async def all(self, files: tuple[Path, ...], lesson_id: str | None, course: str | None) -> list[Outcome]:
        """Store the files one after the other, so that the first is ready first."""
        async with services(self.settings) as opened:
            self.context = UploadContext.of(opened)
            if lesson_id is not None:
                await lessons.get(opened.database, steps.OPERATOR, lesson_id)
            course_id = await steps.course_named(opened.database, course, self.clock) if course else ""
            with self.bars:
                bars = [self.bars.add_task("", file=path.name, total=None, start=False) for path in files]
                waiting = [
                    await self.submit(path, bar, lesson_id, course_id)
                    for path, bar in zip(files, bars, strict=True)
                ]
                await self.warn_without_workers()
                return await asyncio.gather(*waiting)

    async def submit(
        self, path: Path, bar: TaskID, lesson_id: str | None, course_id: str
    ) -> "asyncio.Task[Outcome]":
        """Store and submit one file; returns the task that waits for its encoding."""
        self.bars.start_task(bar)
        self.bars.update(bar, description="storing")
        submitted: Video | Outcome
        try:
            if lesson_id is None:
                submitted = await steps.submit_to_course(self.context, course_id, path, self.clock)
            else:
                submitted = await steps.submit_file(self.context, lesson_id, path, self.clock)
        except (Problem, StoreError) as error:
            submitted = steps.refused(path, lesson_id, error)
        return asyncio.create_task(self.wait(path, bar, submitted))

    async def wait(self, path: Path, bar: TaskID, submitted: Video | Outcome) -> Outcome:
        if isinstance(submitted, Outcome):
            outcome = submitted
        elif self.detach:
            outcome = steps.processing(path, submitted)
        else:
            outcome = await steps.follow(
                self.context, submitted, path, self.clock, lambda progress: self.show(bar, progress)
            )
        self.report(outcome)
        return outcome

    def show(self, bar: TaskID, progress: LessonProgress) -> None:
        texts = presentation(progress)
        text = f"{texts.headline.lower()}  {texts.detail}"
        self.bars.update(bar, total=100, completed=progress.progress, description=text)

    def report(self, outcome: Outcome) -> None:
        if outcome.hls_url:
            site = address(self.settings.run_folder, UP) or self.settings.public_url
            outcome = msgspec.structs.replace(outcome, hls_url=site + outcome.hls_url)
        if self.as_json:
            click.echo(msgspec.json.encode(outcome))
        elif outcome.failed:
            self.say(f"{outcome.file}: {outcome.error}", "red")
        elif outcome.seconds is None:
            self.say(f"{outcome.file}: submitted, lesson {outcome.lesson_id}")
        else:
            self.say(f"{outcome.file}: ready after {outcome.seconds:.1f} s, lesson {outcome.lesson_id}")

    def say(self, text: str, style: str = "") -> None:
        """Print above the progress bars."""
        self.bars.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    async def warn_without_workers(self) -> None:
        if not self.detach and not await steps.has_worker(self.context.database, self.clock):
            click.echo(
                "No worker is running: start `skillstudio up`. Until then the lectures stay queued.", err=True
            )
