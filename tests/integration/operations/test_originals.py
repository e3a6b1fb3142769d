"""Old originals on the pages of administrators and instructors, and the nightly run."""

import pytest

from server.operations.upkeep import originals
from server.services import Services
from server.settings import Settings
from storage import deletions
from storage.database.engine import Database
from storage.database.tables import Video
from storage.objects.store import ObjectStore
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, RecordedQueue
from tests.integration.pages.markup import faults
from tests.world.builder import World

PAGE = "/admin/originals"


@pytest.fixture
async def lecture(world: World, instructor: Account) -> Video:
    course = await world.course("Optics", instructors=[instructor])
    return await world.video(await world.lesson(course, "Rays"), filename="rays.mov")


@pytest.fixture
def services(
    app: object,
    settings: Settings,
    database: Database,
    folder_store: ObjectStore,
    recorded_queue: RecordedQueue,
) -> Services:
    return Services(settings, database, folder_store, recorded_queue)


async def nightly(services: Services, clock: HeldClock) -> str:
    return str(await originals.run(services, clock.now(), clock.now()) or "")


@on_both_databases
async def test_life_of_an_old_original(
    administrator: Account, instructor: Account, services: Services, lecture: Video, held_clock: HeldClock
) -> None:
    await services.store.put_bytes(lecture.source_key, b"original", "video/quicktime")
    course = (await instructor.api.get(f"/api/lessons/{lecture.lesson_id}")).json()["course_id"]
    lesson = f"/teach/courses/{course}/lessons/{lecture.lesson_id}"
    saved = await administrator.browser.post(PAGE, data={"days": "100"})
    assert (saved.status_code, saved.headers["location"]) == (303, PAGE)
    assert await nightly(services, held_clock) == ""

    held_clock.advance(days=101)
    assert "marked: 1" in await nightly(services, held_clock)
    page = (await administrator.api.get(PAGE)).text
    assert faults(page) == []
    assert "rays.mov" in page
    assert "To be deleted" in page
    assert "The original will be removed on" in (await instructor.api.get(lesson)).text

    held_clock.advance(days=30)
    assert "Deleted: 1" in await nightly(services, held_clock)
    held_clock.advance(minutes=3)
    await deletions.purge_due(services.database, services.store, held_clock.now())
    assert await services.store.stat(lecture.source_key) is None
    shown = (await instructor.api.get(lesson)).text
    assert "The original was removed on" in shown
    answer = await instructor.api.post("/api/video/transcode/retry", json={"lesson_id": lecture.lesson_id})
    assert answer.status_code == 409
    assert "The original was removed on" in answer.json()["detail"]


@on_both_databases
async def test_administrators_keep_one_or_all(
    administrator: Account, services: Services, world: World, lecture: Video, held_clock: HeldClock
) -> None:
    for _ in range(2):
        await world.video(await world.lesson())
    await administrator.api.post(PAGE, data={"days": "1"})
    held_clock.advance(days=2)
    await nightly(services, held_clock)
    assert "3 originals (3 kB) will be deleted" in (await administrator.api.get("/admin")).text
    await administrator.api.post(f"{PAGE}/keep", data={"video": lecture.id})
    assert (await administrator.api.get(f"{PAGE}?state=kept")).text.count("rays.mov") == 1
    await administrator.api.post(f"{PAGE}/keep", data={"video": "all"})
    held_clock.advance(days=30)
    assert await nightly(services, held_clock) == ""
    assert "will be deleted" not in (await administrator.api.get("/admin")).text


@pytest.mark.parametrize(
    ("typed", "status"), [("0", 303), ("", 303), ("36500", 303), ("-1", 422), ("a year", 422), ("9" * 6, 422)]
)
async def test_days_that_are_typed(administrator: Account, typed: str, status: int) -> None:
    answer = await administrator.browser.post(PAGE, data={"days": typed})
    assert answer.status_code == status
    if status == 422:
        assert "Write a number of days, or 0 to keep every original." in answer.text
        assert f'value="{typed}"' in answer.text


@on_both_databases
async def test_list_is_searched_by_course(
    administrator: Account, services: Services, lecture: Video, held_clock: HeldClock
) -> None:
    await administrator.api.post(PAGE, data={"days": "1"})
    held_clock.advance(days=2)
    await nightly(services, held_clock)
    assert "rays.mov" in (await administrator.api.get(f"{PAGE}?search=óptic&sort=largest")).text
    assert "Nothing matches" in (await administrator.api.get(f"{PAGE}?search=botany&sort=course")).text
