"""Import of local files into lessons: no HTTP, no second copy before an S3 store."""

import asyncio
import mimetypes
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import exists, select

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Conflict, NotFound, Problem
from server.core.signing_keys import live_keys
from server.encoding.progress import LessonProgress, snapshot, with_media_urls
from server.library import lessons, rules
from server.library.access import require_video_lesson
from server.library.schemas import NewLesson
from server.playback.signing import PURPOSE
from server.uploads.context import UploadContext
from server.uploads.rules import STORING_LIMIT, admit, clean_filename, title_from
from server.uploads.service import promised_bytes
from storage import deletions
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import Course, Lesson, Upload, Video, WorkerRow
from storage.messages import N_
from storage.objects import keys
from storage.objects.store import StoreError
from storage.states import Role
from transcoder.jobs import api as jobs

OPERATOR = Viewer(
    id="", email="", name="skillstudio ingest", role=Role.ADMINISTRATOR
)  # access to the data folder is the authorisation
POLL_SECONDS = 0.5
WORKER_SILENCE = timedelta(minutes=1)

OnProgress = Callable[[LessonProgress], None]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Result for one file, the line that `--json` prints. `seconds`: from queueing until ready."""

    file: str
    lesson_id: str | None
    status: str  # processing, ready, failed
    seconds: float | None = None
    playable_seconds: float | None = None  # from queueing until the first second was playable
    hls_url: str | None = None
    error: str | None = None
    job_id: str | None = None

    @property
    def failed(self) -> bool:
        return self.status == "failed"


async def course_named(database: Database, title: str, clock: Clock) -> str:
    """Id of the course with this title or id; created as a draft when there is none.

    Raises Conflict when several have the title.
    """
    title = rules.clean_title(title)
    async with database.write() as session:
        known = (await session.execute(select(Course.id, Course.title))).all()
        found: list[str] = [row.id for row in known if title in (row.id, row.title)]
        found = found or [row.id for row in known if row.title.casefold() == title.casefold()]
        if len(found) > 1:
            raise Conflict(
                N_("%(count)s courses are called “%(title)s”. Give the id of one to --course."),
                count=len(found),
                title=title,
            )
        if found:
            return found[0]
        now = clock.now()
        course = Course(id=new_id(), title=title, created_at=now, updated_at=now)
        session.add(course)
    return course.id


async def lesson_for(database: Database, course_id: str, path: Path, clock: Clock) -> str:
    """Id of the course's lesson named after the file; created as a draft when there is none."""
    title = title_from(path.name)[: rules.TITLE_LENGTH]
    for lesson in await lessons.of_course(database, OPERATOR, course_id):
        if lesson.title.casefold() == title.casefold():
            return lesson.id
    return (await lessons.create(database, OPERATOR, course_id, NewLesson(title), clock.now())).id


async def submit_to_course(context: UploadContext, course_id: str, path: Path, clock: Clock) -> Video:
    """Like `submit_file`, into the lesson named after the file. A lesson created for a file that is
    refused is deleted again."""
    began = clock.now()
    lesson_id = await lesson_for(context.database, course_id, path, clock)
    try:
        return await submit_file(context, lesson_id, path, clock)
    except (Problem, StoreError):
        if await _is_new_and_empty(context.database, lesson_id, began):
            await lessons.delete(context.database, OPERATOR, lesson_id, clock.now())
        raise


async def _is_new_and_empty(database: Database, lesson_id: str, began: datetime) -> bool:
    """Whether the lesson was created by this run and is still unused."""
    async with database.read() as session:
        lesson = await session.get(Lesson, lesson_id)
        used = await session.scalar(
            select(
                exists().where(Upload.lesson_id == lesson_id) | exists().where(Video.lesson_id == lesson_id)
            )
        )
    return lesson is not None and began <= lesson.created_at == lesson.updated_at and not used


async def submit_file(context: UploadContext, lesson_id: str, path: Path, clock: Clock) -> Video:
    """Store a file and start a revision from it. Raises Problem or StoreError, and then keeps nothing."""
    size, filename = path.stat().st_size, clean_filename(path.name)
    key = keys.original(lesson_id, new_id(), filename)
    free = await context.store.free_bytes()
    async with context.database.write() as session:
        if (lesson := await session.get(Lesson, lesson_id)) is not None:
            require_video_lesson(lesson)
        admit(
            size,
            max_upload_bytes=context.max_upload_bytes,
            free=2**63 if free is None else free,
            promised=await promised_bytes(session, context),
        )
        # In case this process dies before the submission, which removes the entry in its transaction.
        await deletions.schedule(session, [key], clock.now() + STORING_LIMIT)
    await context.database.sync()  # else a power cut could lose the entry and keep the bytes
    try:
        await context.store.put_file(
            key, path, mimetypes.guess_type(filename)[0] or "application/octet-stream"
        )
    except OSError as error:
        raise Problem(
            N_("%(path)s cannot be read: %(reason)s."), path=str(path), reason=error.strerror or str(error)
        ) from error
    try:
        return await jobs.submit(
            context.database,
            context.queue,
            lesson_id=lesson_id,
            source_key=key,
            filename=filename,
            source_bytes=size,
            now=clock.now(),
        )
    except jobs.NotPossible as error:
        await context.store.delete(key)
        raise NotFound(error.message) from error


async def follow(
    context: UploadContext, video: Video, path: Path, clock: Clock, on_progress: OnProgress
) -> Outcome:
    """Poll until the revision is ready, failed or replaced; `on_progress` is called at every poll."""
    while True:
        now = clock.now()
        async with context.database.read() as session:
            progress = await snapshot(session, context, video.lesson_id, now)
            row = await session.get(Video, video.id)
        if progress is None or row is None or progress.job_id != video.id:
            error = "The lesson was deleted or got another video meanwhile."
            return _outcome(path, video, status="failed", error=error)
        on_progress(progress)
        if not progress.encoding:
            ready = progress.stage == "ready"
            shown = with_media_urls(progress, await live_keys(context.database, PURPOSE, now), OPERATOR, now)
            return _outcome(
                path,
                row,
                status="ready" if ready else "failed",
                hls_url=shown.hls_url if ready else None,
                error=None if ready else str(progress.error or "The encoding was stopped."),
            )
        await asyncio.sleep(POLL_SECONDS)


def refused(path: Path, lesson_id: str | None, error: Problem | StoreError) -> Outcome:
    return Outcome(file=str(path), lesson_id=lesson_id, status="failed", error=str(error))


def processing(path: Path, video: Video) -> Outcome:
    return _outcome(path, video, status="processing")


def _outcome(
    path: Path, video: Video, *, status: str, hls_url: str | None = None, error: str | None = None
) -> Outcome:
    def since_queued(moment: object) -> float | None:
        return round((moment - video.created_at).total_seconds(), 3) if moment else None  # type: ignore[operator]

    return Outcome(
        file=str(path),
        lesson_id=video.lesson_id,
        job_id=video.id,
        status=status,
        seconds=since_queued(video.finished_at),
        playable_seconds=since_queued(video.playable_at),
        hls_url=hls_url,
        error=error,
    )


async def has_worker(database: Database, clock: Clock) -> bool:
    """Whether any worker has sent a heartbeat in the last minute."""
    async with database.read() as session:
        alive = WorkerRow.heartbeat_at > clock.now() - WORKER_SILENCE
        return bool(await session.scalar(select(exists().where(alive))))
