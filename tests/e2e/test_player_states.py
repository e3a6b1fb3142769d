"""Player notes while the lecture is prepared, fails, or access to it ends."""

import re

import pytest
from playwright.async_api import Page, Route, expect
from sqlalchemy import update

from server.library import removal
from storage.database.tables import Course, CourseInstructor, Lesson, Video
from storage.messages import Message
from storage.states import RevisionState
from tests.fixtures.server_process import Campus
from transcoder.jobs import revisions

pytestmark = pytest.mark.e2e

SEGMENTS = re.compile(r"/m/.*\.(m4s|mp4)$")
ERROR = "Encoding made no progress for minutes and was stopped."


async def add_encoding_video(campus: Campus, chunks: int, *, video: bool = True) -> str:
    """Adds a lecture of a minute with its audio and `chunks` finished chunks; returns its id."""
    made = await campus.world.video(
        campus.school.lesson_id,
        state=RevisionState.ENCODING,
        seconds=60,
        chunks=chunks,
        audio_seconds=60,
        video=video,
    )
    return made.id


async def fail(campus: Campus, video_id: str) -> None:
    async with campus.school.database.write() as session:
        await revisions.fail(
            session, await session.get_one(Video, video_id), Message(ERROR), campus.world.now()
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
    ("chunks", "percent", "shown", "announced"),
    [
        (0, 20, "The lecture is being prepared.", "The lecture is being prepared."),
        (2, 40, "ready up to 0:12 of 1:00.", "Still being encoded. You can watch what is there."),
    ],
)
async def test_failure_is_shown_on_an_open_page(
    teacher: Page, campus: Campus, chunks: int, percent: int, shown: str, announced: str
) -> None:
    video_id = await add_encoding_video(campus, chunks)
    await watch(teacher, campus)
    await expect(teacher.locator("[data-note-text]")).to_contain_text(shown)
    # The screen reader's text is without the figures that change.
    await expect(teacher.locator("[data-announce]")).to_contain_text(announced)
    await expect(teacher.get_by_role("progressbar", name="Encoding")).to_have_attribute("value", str(percent))
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
        await removal.of_lessons(session, [lesson], campus.world.now())
    access_lost = teacher.locator("[data-note-text]", has_text="You can no longer watch this lecture.")
    await expect(access_lost).to_be_visible(timeout=15_000)
    requests: list[str] = []
    teacher.on("request", lambda request: requests.append(request.url))
    await teacher.wait_for_timeout(8000)
    await expect(access_lost).to_be_visible()
    assert not requests


async def test_audio_only_player_keeps_its_height(teacher: Page, campus: Campus) -> None:
    """The audio player is a low bar; its menus open outside of it."""
    await add_encoding_video(campus, 0, video=False)
    await watch(teacher, campus)
    frame = teacher.locator("media-controller")
    before = await frame.bounding_box()
    assert before
    assert before["height"] < 130
    await teacher.locator("media-settings-menu-button").click()
    await teacher.locator("media-settings-menu-item", has_text="Speed").click()
    await teacher.get_by_role("menuitemradio", name="1.5").click()
    await expect(teacher.locator("hls-video")).to_have_js_property("playbackRate", 1.5)
    after = await frame.bounding_box()
    assert after
    assert after | {"y": 0} == before | {"y": 0}  # a click may scroll the page
