"""Instructor's page of a lesson without JavaScript: state of the video, and the forms."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from server.services import Services
from server.settings import Settings
from server.uploads import service
from server.uploads.context import UploadContext
from storage.database.engine import Database
from storage.database.tables import Lesson, Upload, Video
from storage.objects.folder import FolderStore
from tests.fixtures.web import Account, HeldClock, RecordedQueue
from tests.world.builder import World
from tests.world.scenes import Academy
from transcoder.source import rejections

READY, ENCODING, FAILED, EMPTY, DRAFT = range(5)  # lessons of the academy fixture


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (READY, "Ready to watch"),
        (ENCODING, "Encoding"),
        (FAILED, "The recording ends in the middle. Upload it again."),
        (EMPTY, "Drop the lecture here"),
    ],
)
async def test_state_of_the_video_is_shown(app: object, academy: Academy, number: int, text: str) -> None:
    page = await academy.teacher.browser.get(academy.lesson(number))
    assert page.status_code == 200
    assert text in page.text
    assert "need JavaScript" in page.text  # in noscript


async def test_submitted_video_waits_for_an_encoder(app: object, academy: Academy, world: World) -> None:
    await world.video(academy.lesson_ids[EMPTY], state="waiting")
    page = await academy.teacher.browser.get(academy.lesson(EMPTY))
    assert "Waiting for a free encoder" in page.text


async def test_failure_reason_is_translated(app: object, academy: Academy, database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(Video).values(error=rejections.NEITHER))
    page = await academy.teacher.browser.get(academy.lesson(FAILED), headers={"Accept-Language": "de"})
    assert "Die Datei enthält weder Bild noch Ton." in page.text
    assert "neither a video nor an audio stream" not in page.text


async def test_only_instructors_of_the_course_may_open_it(
    app: object, academy: Academy, instructor: Account, administrator: Account
) -> None:
    here = academy.lesson(READY)
    assert (await academy.learner.browser.get(here)).status_code == 403
    assert (await instructor.browser.get(here)).status_code == 404
    assert (await administrator.browser.get(here)).status_code == 200
    elsewhere = here.replace(academy.course_id, "other")
    assert (await academy.teacher.browser.get(elsewhere)).status_code == 404
    for action, form in (("", {"title": "x"}), ("/encoding", {"action": "cancel"})):
        assert (await academy.learner.browser.post(here + action, data=form)).status_code == 403
        assert (await instructor.browser.post(here + action, data=form)).status_code == 404


async def test_title_and_description_are_saved(app: object, academy: Academy, database: Database) -> None:
    form = {"title": " Light  rays ", "description": "Snell’s law"}
    answer = await academy.teacher.browser.post(academy.lesson(READY), data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, academy.lesson(READY))
    async with database.read() as session:
        lesson = await session.get_one(Lesson, academy.lesson_ids[READY])
    assert (lesson.title, lesson.description) == ("Light rays", "Snell’s law")


async def test_refused_form_keeps_its_values(app: object, academy: Academy) -> None:
    form = {"title": "", "description": "Not to be typed twice"}
    answer = await academy.teacher.browser.post(academy.lesson(READY), data=form)
    assert answer.status_code == 422
    assert "Write a title of 1 to 200 characters." in answer.text
    assert "Not to be typed twice" in answer.text


async def test_cancel_and_retry(
    app: object, academy: Academy, database: Database, recorded_queue: RecordedQueue
) -> None:
    post = academy.teacher.browser.post
    stopped = await post(f"{academy.lesson(ENCODING)}/encoding", data={"action": "cancel"})
    assert stopped.status_code == 303
    again = await post(f"{academy.lesson(FAILED)}/encoding", data={"action": "retry"})
    assert again.status_code == 303
    async with database.read() as session:
        states = []
        for number in (ENCODING, FAILED):
            lesson = await session.get_one(Lesson, academy.lesson_ids[number])
            states.append((await session.get_one(Video, lesson.transcoding_job_id)).state)
    assert states == ["cancelled", "waiting"]
    unknown = await post(f"{academy.lesson(FAILED)}/encoding", data={"action": "explode"})
    assert unknown.status_code == 404


async def test_impossible_action_is_explained(app: object, academy: Academy) -> None:
    here = academy.lesson(READY)
    refused = await academy.teacher.browser.post(f"{here}/encoding", data={"action": "cancel"})
    assert refused.status_code == 303
    page = await academy.teacher.browser.get(here)
    assert "the lecture is ready" in page.text


async def test_unfinished_upload_is_shown_and_discarded(
    app: object,
    academy: Academy,
    database: Database,
    settings: Settings,
    folder_store: FolderStore,
    recorded_queue: RecordedQueue,
    held_clock: HeldClock,
) -> None:
    context = UploadContext.of(Services(settings, database, folder_store, recorded_queue))
    upload = await service.open_upload(
        context,
        academy.teacher.viewer,
        lesson_id=academy.lesson_ids[EMPTY],
        filename="diffraction.mp4",
        content_type=None,
        size=1000,
        now=held_clock.now() - timedelta(hours=1),
    )
    context.spool.path(upload.id).write_bytes(bytes(430))
    here = academy.lesson(EMPTY)
    page = await academy.teacher.browser.get(here)
    assert "43 % of diffraction.mp4 (1 kB) have arrived." in page.text
    discarded = await academy.teacher.browser.post(f"{here}/discard", data={"upload": upload.id})
    assert discarded.status_code == 303
    assert not context.spool.path(upload.id).exists()
    async with database.read() as session:
        assert (await session.get_one(Upload, upload.id)).state == "cancelled"
    twice = await academy.teacher.browser.post(f"{here}/discard", data={"upload": upload.id})
    assert twice.status_code == 303
