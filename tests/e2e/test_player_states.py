"""Player notes while the lecture is prepared, fails, or access to it ends."""

import re
from datetime import UTC, datetime

import msgspec
import pytest
from playwright.async_api import Page, Route, expect
from sqlalchemy import update

from server.library import removal
from storage.database.tables import Course, CourseInstructor, Job, Lesson, Video
from storage.messages import Message
from storage.states import JobKind, RevisionState
from tests.fixtures import encoded
from tests.fixtures.uploads import Campus
from transcoder.jobs import revisions
from transcoder.planning.plan import Plan

pytestmark = pytest.mark.e2e

PLAN = encoded.plan_of(60.0)
AUDIO_ONLY = msgspec.structs.replace(PLAN, video=None)
SEGMENTS = re.compile(r"/m/.*\.(m4s|mp4)$")
ERROR = "Encoding made no progress for minutes and was stopped."


async def add_encoding_video(campus: Campus, chunks: int, *, plan: Plan = PLAN) -> str:
    """Adds a video with `chunks` finished chunks and its audio; returns its id. Audio alone is complete."""
    now = datetime.now(UTC)
    async with campus.school.database.write() as session:
        video = Video(
            lesson_id=campus.school.lesson_id,
            source_key="originals/lecture.mp4",
            state=RevisionState.ENCODING,
            created_at=now,
            plan=msgspec.to_builtins(plan),
        )
        session.add(video)
        await session.flush()
        done = [
            encoded.done(video.id, "chunk", chunk.number, encoded.chunk_result(plan, chunk), now)
            for chunk in (plan.video.chunks[:chunks] if plan.video else ())
        ]
        session.add_all([*done, encoded.done(video.id, "audio", 0, encoded.audio_result(plan), now)])
        session.add(
            Job(video_id=video.id, kind=JobKind.CHUNK, number=chunks, queue="transcode", queued_at=now)
        )
        await session.execute(
            update(Lesson)
            .where(Lesson.id == campus.school.lesson_id)
            .values(
                video_id=video.id if chunks or not plan.video else None,
                transcoding_job_id=video.id,
                video_status="processing",
                transcoding_progress=40,
            )
        )
    return video.id


async def fail(campus: Campus, video_id: str) -> None:
    async with campus.school.database.write() as session:
        await revisions.fail(
            session, await session.get_one(Video, video_id), Message(ERROR), datetime.now(UTC)
        )


async def watch(page: Page, campus: Campus, held: str | re.Pattern[str] = "**/m/**") -> None:
    """Opens the lesson. Requests that match `held` never get a response, since the store has no segments."""

    async def wait(_route: Route) -> None:
        pass

    await page.route(held, wait)
    await page.goto(
        f"{campus.server.url}/dashboard/courses/{campus.school.course_id}/lessons/{campus.school.lesson_id}"
    )


@pytest.mark.parametrize(
    ("chunks", "shown", "announced"),
    [
        (0, "The lecture is being prepared.", "The lecture is being prepared."),
        (2, "ready up to 0:12 of 1:00.", "Still being encoded. You can watch what is there."),
    ],
)
async def test_failure_is_shown_on_an_open_page(
    teacher: Page, campus: Campus, chunks: int, shown: str, announced: str
) -> None:
    video_id = await add_encoding_video(campus, chunks)
    await watch(teacher, campus)
    await expect(teacher.locator("[data-note-text]")).to_contain_text(shown)
    # The screen reader's text is without the figures that change.
    await expect(teacher.locator("[data-announce]")).to_contain_text(announced)
    await expect(teacher.get_by_role("progressbar", name="Encoding")).to_have_attribute("value", "40")
    await fail(campus, video_id)
    await expect(teacher.get_by_text("This video could not be prepared")).to_be_visible()
    await teacher.get_by_role("link", name="See what went wrong").click()
    await expect(teacher.locator("[data-said=error]")).to_have_text(ERROR)
    await expect(teacher.get_by_role("button", name="Try again")).to_be_visible()


async def test_lost_access_is_shown_on_an_open_page(teacher: Page, campus: Campus) -> None:
    await add_encoding_video(campus, 2)
    await watch(teacher, campus)
    await expect(teacher.locator("[data-note-text]")).to_contain_text("ready up to")
    async with campus.school.database.write() as session:
        await session.execute(update(CourseInstructor).values(user_id=campus.school.users["other"]))
        await session.execute(update(Course).values(status="draft"))
    await expect(teacher.locator("[data-note-text]")).to_contain_text("You can no longer watch this lecture.")
    await expect(teacher.get_by_role("progressbar", name="Encoding")).to_be_hidden()


async def test_deletion_of_a_growing_lecture_is_shown(teacher: Page, campus: Campus) -> None:
    """Playlists answer 404 before the next poll: the note names the lost access, not the network."""
    await add_encoding_video(campus, 2)
    await watch(teacher, campus, SEGMENTS)
    await expect(teacher.locator("[data-note-text]")).to_contain_text("ready up to")
    async with campus.school.database.write() as session:
        lesson = await session.get_one(Lesson, campus.school.lesson_id)
        await removal.of_lessons(session, [lesson], datetime.now(UTC))
    access_lost = teacher.locator("[data-note-text]", has_text="You can no longer watch this lecture.")
    await expect(access_lost).to_be_visible(timeout=15_000)
    requests: list[str] = []
    teacher.on("request", lambda request: requests.append(request.url))
    await teacher.wait_for_timeout(8000)
    await expect(access_lost).to_be_visible()
    assert not requests


async def test_audio_only_player_keeps_its_height(teacher: Page, campus: Campus) -> None:
    """The audio player is a low bar; its menus open outside of it."""
    await add_encoding_video(campus, 0, plan=AUDIO_ONLY)
    await watch(teacher, campus)
    frame = teacher.locator("media-controller")
    before = await frame.bounding_box()
    assert before
    assert before["height"] < 130
    await teacher.locator("media-settings-menu-button").click()
    await teacher.locator("media-settings-menu-item", has_text="Speed").click()
    await teacher.get_by_role("menuitemradio", name="1.5").click()
    await expect(teacher.locator("hls-video")).to_have_js_property("playbackRate", 1.5)
    assert await frame.bounding_box() == before
