"""Enrolment of a list of addresses: told by line before it happens, and nothing is lost."""

import html

import pytest

from storage.database.tables import Course
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, MakeAccount
from tests.integration.pages.markup import Page, faults
from tests.world.builder import World

LIST = "E-Mail;Name\nADA@example.edu;Ada\nmax@example.edu;Max\nnobody@example.edu;Emmy\nnone;Kurt\n"


@pytest.fixture
async def course(world: World, instructor: Account, make_account: MakeAccount) -> Course:
    """Max is enrolled, Ada has an account."""
    await make_account("learner", "ada@example.edu", "Ada Lovelace")
    enrolled = await make_account("learner", "max@example.edu", "Max Born")
    return await world.course("Optics", instructors=[instructor], learners=[enrolled])


def here(course: Course) -> str:
    return f"/teach/courses/{course.id}/enrolling/list"


async def enrolled(instructor: Account, course: Course) -> list[str]:
    members = (await instructor.api.get(f"/api/courses/{course.id}/enrolments")).json()
    return sorted(member["email"] for member in members)


@on_both_databases
async def test_preview_tells_every_line_and_writes_nothing(course: Course, instructor: Account) -> None:
    file = {"file": ("class.csv", LIST.encode("utf-16"), "text/csv")}
    shown = await instructor.browser.post(here(course), files=file)
    assert shown.status_code == 200
    assert faults(shown.text) == []
    figures = [element.name for element in Page(shown.text).all("dd")]
    assert figures == ["1", "1", "2"]  # to be enrolled, enrolled already, left out
    rows = [element.name for element in Page(shown.text).all("tr")][1:]
    assert rows[0].startswith("Line 4 nobody@example.edu Nobody has an account")
    assert rows[1].startswith("Line 5 none, Kurt There is no email address")
    assert await enrolled(instructor, course) == ["max@example.edu"]
    kept = next(e for e in Page(shown.text).elements if e.attributes.get("name") == "list")
    confirmed = {"list": html.unescape("".join(kept.text)), "confirmed": "yes"}
    for told in ("1 person enrolled, 1 as before, 2 left out.", "2 as before, 2 left out."):
        done = await instructor.browser.post(here(course), data=confirmed)
        assert done.headers["location"] == f"/teach/courses/{course.id}/people"
        assert told in (await instructor.browser.get(done.headers["location"])).text
    assert await enrolled(instructor, course) == ["ada@example.edu", "max@example.edu"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Ada Lovelace\nMax Born", "Write at least one email address."),
        ('"Ada <ada@example.edu>\nMax', "Line 2 cannot be read as CSV"),
        ("\n".join(f"p{number}@x.edu" for number in range(5001)), "more than 5,000 addresses"),
    ],
)
async def test_unusable_list_is_refused_and_stays(
    course: Course, instructor: Account, text: str, sentence: str
) -> None:
    refused = await instructor.browser.post(here(course), data={"list": text})
    assert (refused.status_code, sentence in refused.text) == (422, True)
    assert html.escape(text.splitlines()[0], quote=True).replace("&quot;", "&#34;") in refused.text


async def test_binary_file_is_refused(course: Course, instructor: Account) -> None:
    refused = await instructor.browser.post(here(course), files={"file": ("a.xlsx", b"PK\x03\x04\x00\x00")})
    assert (refused.status_code, "Save the list as CSV" in refused.text) == (422, True)
