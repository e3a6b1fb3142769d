"""How a lesson's video is watched, for its instructors."""

from typing import Any

import pytest

from server.watching import spans
from storage.database.base import new_id
from storage.database.tables import Lesson
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account
from tests.integration.pages.markup import Page
from tests.world.builder import World

pytestmark = on_both_databases

SECONDS = 1000


@pytest.fixture
async def lesson(world: World, instructor: Account, learner: Account) -> Lesson:
    course = await world.course("C", instructors=[instructor], learners=[learner])
    lesson = await world.lesson(course, "L")
    await world.video(lesson, seconds=SECONDS, audio=False)
    return await world.reload(lesson)


async def watched(world: World, lesson: Lesson, until: int, *, staff: bool = False, **about: Any) -> None:
    """Somebody has watched from the start until this second."""
    person = await world.person(f"Viewer {new_id()}")
    await world.watched(lesson, person, ((0, until * spans.TENTHS),), staff=staff, **about)


async def figures(account: Account, lesson: Lesson) -> dict[str, Any]:
    answer = await account.api.get(f"/api/video/analytics/{lesson.id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_figures_of_viewers(world: World, lesson: Lesson, instructor: Account) -> None:
    for until in (1000, 1000, 960, 500, 500, 100):
        await watched(world, lesson, until, device="phone", quality="720p", speed=1.24)
    await watched(world, lesson, 1000, staff=True)
    found = await figures(instructor, lesson)
    assert (found["unique_viewers"], found["views"], found["finished"]) == (6, 6, 3)
    assert found["average_completion"] == 68
    assert found["watch_seconds"] == 4060
    assert (found["retention"][0], found["retention"][49], found["retention"][50]) == (6, 5, 3)
    assert found["heat"] == found["retention"]
    assert found["drop_off"] == [{"at": 100.0, "viewers": 1}, {"at": 500.0, "viewers": 2}]
    assert (found["devices"], found["qualities"], found["speeds"]) == ({"phone": 6}, {"720p": 6}, {"1.25": 6})


async def test_no_timeline_below_five_viewers(world: World, lesson: Lesson, instructor: Account) -> None:
    for _ in range(4):
        await watched(world, lesson, 500)
    found = await figures(instructor, lesson)
    assert (found["unique_viewers"], found["average_completion"]) == (4, 50)
    assert found["retention"] is found["heat"] is found["drop_off"] is None
    page = await instructor.browser.get(f"/teach/courses/{lesson.course_id}/lessons/{lesson.id}")
    assert "from five viewers on" in page.text


async def test_page_shows_chart_and_table(world: World, lesson: Lesson, instructor: Account) -> None:
    for until in (1000, 1000, 500, 500, 500):
        await watched(world, lesson, until, device="desktop")
    page = await instructor.browser.get(f"/teach/courses/{lesson.course_id}/lessons/{lesson.id}")
    assert page.status_code == 200
    assert 'role="img"' in page.text
    assert "Many left at" in page.text
    player = f"/dashboard/courses/{lesson.course_id}/lessons/{lesson.id}"
    assert f'<a href="{player}?t=500#player">8:20</a> (3)' in page.text
    assert f'href="/teach/courses/{lesson.course_id}/progress"' in page.text


async def test_storyboard_above_the_chart(world: World, lesson: Lesson, instructor: Account) -> None:
    for _ in range(5):
        await watched(world, lesson, 1000)
    page = Page((await instructor.browser.get(f"/teach/courses/{lesson.course_id}/lessons/{lesson.id}")).text)
    frames = [
        image.attributes for image in page.all("img") if "/storyboard/000.jpg" in image.attributes["src"]
    ]
    assert len(frames) == 10
    assert [(one["data-row"], one["data-column"]) for one in frames][:2] == [("0", "0"), ("1", "0")]
    assert {(one["alt"], one["loading"]) for one in frames} == {("", "lazy")}
    assert all(one["src"].startswith("/m/") and f"/{lesson.video_id}/" in one["src"] for one in frames)
    player = f"/dashboard/courses/{lesson.course_id}/lessons/{lesson.id}"
    links = [link.attributes.get("href") for link in page.all("a")]
    assert links.count(f"{player}?t=300#player") >= 2  # a frame and a place of the chart


async def test_glances_are_no_views(world: World, lesson: Lesson, instructor: Account) -> None:
    await watched(world, lesson, 5)
    found = await figures(instructor, lesson)
    assert (found["unique_viewers"], found["average_completion"], found["watch_seconds"]) == (0, None, 5)


async def test_learners_see_no_figures(lesson: Lesson, learner: Account) -> None:
    assert (await learner.api.get(f"/api/video/analytics/{lesson.id}")).status_code == 403
