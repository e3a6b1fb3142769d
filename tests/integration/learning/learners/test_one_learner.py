"""One learner of a course: lessons, and the timeline that small courses do not show."""

from typing import Any

from tests.fixtures.database import on_both_databases
from tests.integration.learning.learners.conftest import Classroom
from tests.integration.pages.markup import Page, faults
from tests.world.builder import World

pytestmark = on_both_databases
PRIVACY = "in courses of five learners or more"


async def one(room: Classroom, name: str) -> dict[str, Any]:
    answer = await room.teacher.api.get(f"{room.api}/{room.people[name].id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_lessons_of_a_learner(classroom: Classroom) -> None:
    ada, ben, cem = [await one(classroom, name) for name in ("Ada", "Ben", "Cem")]
    told = {
        lesson["title"]: (lesson["state"], lesson["percent"], lesson["score"]) for lesson in ada["lessons"]
    }
    assert told == {
        "Rays": ("completed", 100, None),
        "Reading": ("completed", None, None),
        "Test": ("completed", None, 80),
    }
    assert [lesson["state"] for lesson in ben["lessons"]] == ["in_progress", "not_started", "not_started"]
    assert ben["lessons"][0]["percent"] == 50
    assert [lesson["state"] for lesson in cem["lessons"]] == ["not_started", "not_started", "in_progress"]
    assert cem["progress"]["score"] == cem["lessons"][2]["score"] == 20
    assert cem["progress"]["last_seen"] == cem["lessons"][2]["last_seen"]


async def test_no_timeline_below_five_learners(world: World, classroom: Classroom) -> None:
    path = f"{classroom.page}/{classroom.people['Ben'].id}"
    page = await classroom.teacher.browser.get(path)
    assert (page.status_code, faults(page.text)) == (200, [])
    assert PRIVACY in page.text
    assert "learner-spans" not in page.text
    hidden = await one(classroom, "Ben")
    assert (hidden["shows_timeline"], hidden["lessons"][0]["watched"]) == (False, [])

    await world.enrol(classroom.course, await world.person("Fritz"))  # the fifth; Eva has left
    shown = await one(classroom, "Ben")
    assert (shown["shows_timeline"], shown["lessons"][0]["watched"]) == (True, [[0, 20], [50, 30]])
    page = await classroom.teacher.browser.get(path)
    assert (page.status_code, faults(page.text)) == (200, [])
    assert PRIVACY not in page.text
    assert [svg for svg in Page(page.text).all("svg") if svg.attributes.get("class") == "learner-spans"]
    parts = [element.attributes for element in Page(page.text).all("rect")]
    assert [(part["x"], part["width"]) for part in parts if part.get("height") == "8"] == [
        ("0.000", "20.000"),
        ("50.000", "30.000"),
    ]


async def test_who_left_is_still_shown_and_strangers_are_not(world: World, classroom: Classroom) -> None:
    assert (await one(classroom, "Eva"))["progress"]["status"] == "left"
    stranger = await world.person("Stranger")
    for person in (stranger.id, classroom.teacher.id, "nobody"):
        assert (await classroom.teacher.api.get(f"{classroom.api}/{person}")).status_code == 404
        assert (await classroom.teacher.browser.get(f"{classroom.page}/{person}")).status_code == 404
