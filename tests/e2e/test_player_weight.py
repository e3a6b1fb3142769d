"""Cost of a lesson's page: requests and bytes before the first playlist, and nothing more before Play."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from storage.database.tables import Video
from storage.objects import keys
from tests.e2e.player import Player
from tests.fixtures.server_process import Campus

pytestmark = pytest.mark.e2e

MOST_REQUESTS = 12
MOST_BYTES = 250_000  # as sent: compressed, with headers
POSTER_BYTES = 90_000
MEDIA = re.compile(r"/m/[^/]+/[^/]+/(.*)")
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "screen": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}


@dataclass
class Traffic:
    """Requests of a page in order, and the bytes of each answer."""

    addresses: dict[str, str] = field(default_factory=dict)  # by id of the request
    received: dict[str, float] = field(default_factory=dict)

    def begun(self, event: dict[str, Any]) -> None:
        self.addresses[event["requestId"]] = event["request"]["url"]

    def ended(self, event: dict[str, Any]) -> None:
        self.received[event["requestId"]] = event["encodedDataLength"]

    @property
    def before_playlist(self) -> list[str]:
        """Ids of the requests before the first playlist."""
        known = list(self.addresses.items())
        first = next(place for place, (_, address) in enumerate(known) if ".m3u8" in address)
        return [request for request, _ in known[:first]]

    @property
    def media(self) -> list[str]:
        """Paths of a video's files that were asked for."""
        return [found[1] for address in self.addresses.values() if (found := MEDIA.search(address))]


@asynccontextmanager
async def recorded(page: Page) -> AsyncIterator[Traffic]:
    traffic = Traffic()
    cdp = await page.context.new_cdp_session(page)
    cdp.on("Network.requestWillBeSent", traffic.begun)
    cdp.on("Network.loadingFinished", traffic.ended)
    await cdp.send("Network.enable")
    yield traffic
    await cdp.detach()


def lesson_url(campus: Campus) -> str:
    school = campus.school
    return f"{campus.server.url}/dashboard/courses/{school.course_id}/lessons/{school.lesson_id}"


async def add_lecture(campus: Campus) -> str:
    """A lecture of ten minutes with its images and without segments; returns the video's id."""
    video = await campus.world.video(campus.school.lesson_id, seconds=600)
    for key, size in ((keys.thumbnail(video.id), 15_000), (keys.poster(video.id), POSTER_BYTES)):
        path = campus.data / "objects" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
    return video.id


async def test_player_starts_with_few_requests_and_loads_nothing_before_play(
    teacher: Page, campus: Campus
) -> None:
    await add_lecture(campus)
    async with recorded(teacher) as traffic:
        async with teacher.expect_request(re.compile(r"/master\.m3u8")):
            await teacher.goto(lesson_url(campus))
        await expect(teacher.locator("media-poster-image[src]")).to_have_count(1)
        await teacher.wait_for_load_state("networkidle")
        before = traffic.before_playlist
        shown = [traffic.addresses[request].removeprefix(campus.server.url) for request in before]
        assert len(before) <= MOST_REQUESTS, shown
        assert sum(traffic.received.get(request, 0) for request in before) <= MOST_BYTES, shown
        assert set(traffic.media) <= {"master.m3u8", "thumbnail.jpg", "poster.jpg"}
        await teacher.locator("media-play-button").click()
        async with teacher.expect_request(re.compile(r"/index\.m3u8")):
            pass
        await teacher.locator("media-time-range").hover()  # or the first frame, which this lecture has not
        await expect(teacher.locator("hls-video > track[label=thumbnails]")).to_have_count(1)


async def test_other_pages_load_no_player(teacher: Page, campus: Campus) -> None:
    async with recorded(teacher) as traffic:
        await teacher.goto(f"{campus.server.url}/dashboard", wait_until="networkidle")
        assert len(traffic.addresses) <= 8, list(traffic.addresses.values())
        assert sum(traffic.received.values()) <= 60_000, list(traffic.addresses.values())


async def test_phone_keeps_a_short_buffer_and_a_portrait_video_fills_it(
    browser: Browser, teacher: Page, campus: Campus
) -> None:
    await turn(campus, await add_lecture(campus))
    context = await browser.new_context(storage_state=await teacher.context.storage_state(), **PHONE)
    page = await context.new_page()
    await page.goto(lesson_url(campus))
    player = Player(page)
    await player.until("video.api")
    assert await player.get("api.config.maxMaxBufferLength") == 30
    assert await player.get("api.config.maxBufferSize") == 15e6
    frame = await page.locator("media-controller").bounding_box()
    assert frame
    assert (frame["x"], frame["width"]) == (0, 390)
    assert frame["height"] > 600
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await context.close()


async def turn(campus: Campus, video_id: str) -> None:
    """Makes the video's sizes those of an upright one."""
    async with campus.school.database.write() as session:
        video = (await session.scalars(select(Video).where(Video.id == video_id))).one()
        assert video.plan
        shown = video.plan["video"]
        rungs = [{**rung, "width": rung["height"], "height": rung["width"]} for rung in shown["rungs"]]
        video.plan = {**video.plan, "video": {**shown, "rungs": rungs}}
