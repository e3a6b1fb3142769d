"""Table of a course's learners: states, figures, search, filter and order."""

from typing import Any

import pytest

from tests.fixtures.crowd import add_people, enrol_all
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account
from tests.integration.learning.learners.conftest import Classroom
from tests.integration.pages.markup import Page, faults
from tests.world.builder import World

pytestmark = on_both_databases


async def listed(room: Classroom, **parameters: Any) -> dict[str, Any]:
    answer = await room.teacher.api.get(room.api, params=parameters)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def names(room: Classroom, **parameters: Any) -> list[str]:
    return [one["name"].split()[0] for one in (await listed(room, **parameters))["learners"]]


async def test_figures_of_each_learner(classroom: Classroom) -> None:
    found = await listed(classroom)
    assert (found["count"], found["page"], found["pages"]) == (4, 1, 1)
    rows = {
        one["name"].split()[0]: (
            one["status"],
            one["done"],
            one["required"],
            one["percent"],
            one["score"],
            one["quizzes_passed"],
            one["quizzes"],
            one["last_seen"] and one["last_seen"][11:16],
        )
        for one in found["learners"]
    }
    start = classroom.people["Ada"].created_at
    hour = [f"{(start.hour + hours) % 24:02d}:{start.minute:02d}" for hours in range(3)]
    assert rows == {
        "Ada": ("completed", 3, 3, 100, 80, 1, 1, hour[1]),
        "Ben": ("in_progress", 0, 3, 0, None, 0, 1, hour[2]),
        "Cem": ("in_progress", 0, 3, 0, 20, 0, 1, hour[1]),
        "Dora": ("not_started", 0, 3, 0, None, 0, 1, None),
    }


async def test_score_is_the_mean_of_the_best_attempts_at_the_quizzes_attempted(
    world: World, classroom: Classroom
) -> None:
    pinned = await world.quiz(classroom.video, moment=10.0)
    await world.quiz(classroom.video, moment=20.0)  # nobody tries it
    other = await world.lesson(title="Of another course")
    elsewhere = await world.quiz(other, moment=1.0)
    await classroom.graded("Cem", 2.0, 2)
    for quiz, points in ((pinned, 5.0), (elsewhere, 5.0)):
        room = Classroom(**{**vars(classroom), "quiz": quiz})
        await room.graded("Cem", points)
    cem = next(one for one in (await listed(classroom))["learners"] if one["name"] == "Cem Adams")
    assert (cem["score"], cem["quizzes_passed"], cem["quizzes"]) == (70, 1, 3)


async def test_completed_stays_completed_when_a_lesson_is_added(world: World, classroom: Classroom) -> None:
    await world.lesson(classroom.course, "New", text="# New")
    ada = (await listed(classroom))["learners"][0]
    assert (ada["status"], ada["done"], ada["required"], ada["percent"]) == ("completed", 3, 4, 75)


async def test_filters_by_state(classroom: Classroom) -> None:
    assert await names(classroom, status="not_started") == ["Dora"]
    assert await names(classroom, status="in_progress") == ["Ben", "Cem"]
    assert await names(classroom, status="completed") == ["Ada"]
    assert await names(classroom, status="left") == ["Eva"]
    assert (await classroom.teacher.api.get(classroom.api, params={"status": "lazy"})).status_code == 400


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", "Ada Ben Cem Dora"),
        ("status", "Dora Ben Cem Ada"),
        ("progress", "Ada Ben Cem Dora"),
        ("behind", "Ben Cem Dora Ada"),
        ("score", "Ada Cem Ben Dora"),
        ("passed", "Ada Cem Ben Dora"),
        ("seen", "Ben Ada Cem Dora"),
        ("away", "Dora Ada Cem Ben"),
    ],
)
async def test_order(classroom: Classroom, sort: str, order: str) -> None:
    assert await names(classroom, sort=sort) == order.split()


async def test_search_narrows_the_filter(classroom: Classroom) -> None:
    assert await names(classroom, search="ADAMS b") == ["Ben"]
    assert await names(classroom, search="ben", status="completed") == []


async def test_staff_is_never_listed(world: World, classroom: Classroom, administrator: Account) -> None:
    await world.enrol(classroom.course, administrator)
    other = await world.person("Fritz Haber", role="instructor")  # of another course: a learner here
    await world.enrol(classroom.course, other)
    assert await names(classroom) == ["Ada", "Ben", "Cem", "Dora", "Fritz"]


async def test_page_shows_the_table(classroom: Classroom) -> None:
    answer = await classroom.teacher.browser.get(classroom.page, params={"sort": "score"})
    assert (answer.status_code, faults(answer.text)) == (200, [])
    page = Page(answer.text)
    rows = [row.name for row in page.all("tr")][1:]
    assert rows[0].startswith("Ada Adams")
    assert "80 %" in rows[0]
    assert "1 of 1 passed" in rows[0]
    assert "100 % · 3 of 3" in rows[0]
    tabs = [link.name for link in page.all("a") if "status=" in link.attributes.get("href", "")]
    assert [tab.replace("\xa0", " ") for tab in tabs] == [
        "Not started 1",
        "In progress 2",
        "Completed 1",
        "Left the course 1",
    ]
    files = [link.attributes["href"] for link in page.all("a") if ".csv" in link.attributes.get("href", "")]
    assert files == [f"{classroom.page}.csv?sort=score"]
    nobody = await classroom.teacher.browser.get(classroom.page, params={"search": "zzz"})
    assert "Nothing matches" in nobody.text


async def test_pages_of_a_long_table(world: World, classroom: Classroom) -> None:
    crowd = await add_people(world.database, 120)
    await enrol_all(world.database, [classroom.course.id], crowd)
    found = await listed(classroom, page=3, sort="progress")
    assert (found["count"], found["pages"], len(found["learners"])) == (124, 3, 24)
    everywhere = [
        one["user_id"]
        for page in (1, 2, 3)
        for one in (await listed(classroom, page=page, sort="progress"))["learners"]
    ]
    assert len(set(everywhere)) == 124


async def test_course_without_learners(world: World, instructor: Account) -> None:
    course = await world.course("Empty", instructors=[instructor])
    answer = await instructor.browser.get(f"/teach/courses/{course.id}/progress")
    assert (answer.status_code, faults(answer.text)) == (200, [])
    assert "Nobody is enrolled yet" in answer.text


async def test_learners_do_not_see_each_other(classroom: Classroom, world: World, learner: Account) -> None:
    await world.enrol(classroom.course, learner)
    for path in (classroom.api, f"{classroom.api}/{learner.id}"):
        assert (await learner.api.get(path)).status_code == 403
    for path in (classroom.page, f"{classroom.page}.csv", f"{classroom.page}/{learner.id}"):
        assert (await learner.browser.get(path)).status_code == 403
