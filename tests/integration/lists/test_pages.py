"""Pages of lists with 2,000 people and 203 courses: small, complete, and reached by their addresses."""

import re

import httpx
import pytest

from storage.database.engine import Database
from tests.fixtures.crowd import add_courses, add_people, enrol_all
from tests.fixtures.web import Account, MakeAccount
from tests.integration.pages.markup import Page, faults

MAX_BYTES = 60_000
PEOPLE, COURSES = 2000, 203


@pytest.fixture
async def teacher(make_account: MakeAccount) -> Account:
    return await make_account("instructor", "max@example.edu", "Max Born")


@pytest.fixture
async def pupil(make_account: MakeAccount) -> Account:
    return await make_account("learner", "ada@example.edu", "Ada King")


@pytest.fixture
async def course_ids(database: Database, teacher: Account, pupil: Account) -> list[str]:
    """All people are enrolled in the first course, the pupil in every course."""
    everybody = await add_people(database, PEOPLE)
    made = await add_courses(database, COURSES, teacher_id=teacher.id, description="Light and waves. " * 1000)
    await enrol_all(database, made[:1], everybody)
    await enrol_all(database, made, [pupil.id])
    return made


def total(text: str) -> str:
    """Line of totals."""
    return next(
        element.name for element in Page(text).elements if element.attributes.get("class") == "list-total"
    )


async def get(account: Account, path: str, **parameters: str) -> str:
    answer: httpx.Response = await account.browser.get(path, params=parameters)
    assert answer.status_code == 200
    assert faults(answer.text) == []
    assert len(answer.content) <= MAX_BYTES, f"{path} {parameters}: {len(answer.content)} bytes"
    return answer.text


async def test_pages_stay_small_and_count_their_rows(
    course_ids: list[str], teacher: Account, pupil: Account, administrator: Account
) -> None:
    everybody = PEOPLE + 3  # teacher, pupil, administrator
    enrolled = f"/teach/courses/{course_ids[0]}/people"
    assert total(await get(administrator, "/admin/people")) == f"1–50 of {everybody:,} people"
    assert (
        total(await get(administrator, "/admin/people", page="41")) == f"2,001–2,003 of {everybody:,} people"
    )
    assert (
        total(await get(administrator, "/admin/people", page="99")) == f"2,001–2,003 of {everybody:,} people"
    )
    assert total(await get(administrator, "/teach")) == f"1–50 of {COURSES} courses"
    assert total(await get(teacher, "/teach", sort="newest", page="2")) == f"51–100 of {COURSES} courses"
    assert total(await get(teacher, "/teach", status="draft")) == "20 courses"
    assert total(await get(teacher, enrolled)) == f"1–50 of {PEOPLE + 1:,} people"
    assert f"{PEOPLE + 1:,} learners" in await get(teacher, f"/teach/courses/{course_ids[0]}")
    assert total(await get(pupil, "/dashboard")) == "1–24 of 183 courses"
    assert total(await get(pupil, "/dashboard", sort="newest", page="8")) == "169–183 of 183 courses"


async def test_searches_count_their_hits(
    course_ids: list[str], teacher: Account, pupil: Account, administrator: Account
) -> None:
    enrolled = f"/teach/courses/{course_ids[0]}/people"
    found = await get(administrator, "/admin/people", search="1237 MUNOZ")
    assert total(found) == "0 of 2,003 people match"
    assert "Nothing matches “1237 MUNOZ”." in found
    assert 'href="/admin/people">Clear the search' in re.sub(r"\s+", " ", found)
    assert (
        total(await get(administrator, "/admin/people", search="kowalska ines")) == "20 of 2,003 people match"
    )
    only = await get(administrator, "/admin/people", search="1237")
    assert total(only) == "1 of 2,003 people matches"
    assert "person-1237@" in only
    assert total(await get(teacher, "/teach", search="000 optics")) == "1 of 203 courses matches"
    assert total(await get(teacher, "/teach", search="optics", status="draft")) == "3 of 20 courses match"
    assert total(await get(teacher, enrolled, search="weiss")) == "200 of 2,001 people match"
    assert total(await get(pupil, "/dashboard", search="optics")) == "26 of 183 courses match"


async def test_links_of_a_searched_page_keep_its_state(course_ids: list[str], teacher: Account) -> None:
    path = f"/teach/courses/{course_ids[0]}/people"
    second = Page(await get(teacher, path, search="weiss", sort="newest", page="2"))
    links = {
        link.attributes["rel"]: link.attributes["href"]
        for link in second.all("a")
        if "rel" in link.attributes
    }
    assert links == {
        "prev": f"{path}?search=weiss&sort=newest",
        "next": f"{path}?search=weiss&sort=newest&page=3",
    }
    remove = next(form for form in second.all("form") if "/remove" in form.attributes["action"])
    answer = await teacher.browser.post(remove.attributes["action"])
    assert answer.headers["location"] == f"{path}?search=weiss&sort=newest&page=2"


async def test_short_lists_have_no_search(database: Database, teacher: Account, pupil: Account) -> None:
    made = await add_courses(database, 3, teacher_id=teacher.id)
    await enrol_all(database, made, [pupil.id])
    for account, path in (
        (teacher, "/teach"),
        (pupil, "/dashboard"),
        (teacher, f"/teach/courses/{made[0]}/people"),
    ):
        assert 'role="search"' not in await get(account, path)


async def test_api_uses_the_same_search(database: Database, administrator: Account) -> None:
    await add_people(database, 200)
    found = await administrator.api.get("/api/people", params={"search": "ILDIZ nOOR", "limit": 500})
    assert {person["name"] for person in found.json()} == {"Noor Yıldız 0058", "Noor Yıldız 0158"}


async def test_wrong_filters_are_told(
    database: Database, teacher: Account, pupil: Account, administrator: Account
) -> None:
    """Also where a list is too short for its filter, and where an address chooses a year or a timeframe."""
    made = await add_courses(database, 1, teacher_id=teacher.id)
    await enrol_all(database, made, [pupil.id])
    course = f"/teach/courses/{made[0]}"
    for account, path, name in (
        (administrator, "/admin/people", "role"),
        (administrator, "/admin/originals", "state"),
        (administrator, "/admin/calendar", "year"),
        (teacher, "/teach", "status"),
        (teacher, f"{course}/progress", "status"),
        (teacher, f"{course}/posts", "state"),
        (pupil, "/dashboard/leaderboard", "timeframe"),
        (pupil, "/dashboard/teams", "timeframe"),
        (pupil, "/dashboard/streak", "year"),
    ):
        assert "There is no “nothing” to choose here. It is left out." in await get(
            account, path, **{name: "nothing"}
        ), path
        assert "It is left out." not in await get(account, path), path
    refused = await teacher.browser.get(f"{course}/progress.csv?status=nothing")
    assert refused.status_code == 400
