"""Learners who enrol themselves in open courses and by codes, and who leave."""

import asyncio

import pytest
from sqlalchemy import select

from server.accounts import rules as account_rules
from storage.database.engine import Database
from storage.database.tables import Course, Enrolment, LearningEvent
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, MakeAccount, MakeClient
from tests.integration.pages.markup import faults
from tests.world.builder import World

CODE_OF_NOBODY = "CCCC-DDDD"


@pytest.fixture
async def course(world: World, instructor: Account) -> Course:
    return await world.course("Optics", instructors=[instructor])


async def facts(database: Database) -> list[tuple[str, str, bool]]:
    """Kind and number of each fact of an enrolment, and whether the learner acted."""
    async with database.read() as session:
        rows = await session.scalars(select(LearningEvent).order_by(LearningEvent.id))
        return [(row.kind, row.subject.partition("/")[2], row.actor_id == row.user_id) for row in rows]


async def is_enrolled(account: Account, course: Course) -> bool:
    return (await account.api.get(f"/api/courses/{course.id}")).status_code == 200


async def make_code(instructor: Account, course: Course) -> str:
    answer = await instructor.api.post(f"/api/courses/{course.id}/code")
    return str(answer.json()["code"])


@on_both_databases
async def test_open_course_is_found_and_entered_by_everybody(
    course: Course, instructor: Account, learner: Account, database: Database
) -> None:
    enrol = f"/api/courses/{course.id}/enrol"
    assert "Optics" not in (await learner.browser.get("/dashboard/courses")).text
    assert (await learner.api.post(enrol, json={})).status_code == 404
    await instructor.api.put(f"/api/courses/{course.id}/way", json={"mode": "open"})
    page = await learner.browser.get("/dashboard/courses")
    assert "Enrol in Optics" in page.text
    assert faults(page.text) == []
    entered = await learner.browser.post(f"/dashboard/courses/{course.id}/enrol")
    assert entered.headers["location"] == f"/dashboard/courses/{course.id}"
    again = await learner.api.post(enrol, json={})
    assert again.json() == {"course_id": course.id, "title": "Optics", "enrolled": True, "teaches": False}
    assert "You are enrolled" in (await learner.browser.get("/dashboard/courses")).text
    assert await facts(database) == [("enrolled", "1", True)]
    refused = await instructor.api.post(enrol, json={})
    assert (refused.status_code, "You teach this course" in refused.json()["detail"]) == (409, True)


@on_both_databases
async def test_leaving_keeps_what_was_learned_and_can_be_undone(
    world: World, course: Course, instructor: Account, learner: Account, database: Database
) -> None:
    await instructor.api.put(f"/api/courses/{course.id}/way", json={"mode": "open"})
    lesson = await world.lesson(course)
    await world.video(lesson, seconds=300)
    await learner.api.post(f"/api/courses/{course.id}/enrol", json={})
    await world.completed(lesson, learner)
    here = f"/dashboard/courses/{course.id}"
    assert f'href="{here}/leave"' in (await learner.browser.get(here)).text
    assert "Leave “Optics”?" in (await learner.browser.get(f"{here}/leave")).text
    left = await learner.browser.post(f"{here}/leave")
    assert left.headers["location"] == "/dashboard"
    shown = await learner.browser.get("/dashboard")
    assert "What you have learned there is kept" in shown.text
    assert f'action="{here}/enrol"' in shown.text  # undo
    assert not await is_enrolled(learner, course)
    assert (await learner.api.delete(f"/api/courses/{course.id}/enrol")).status_code == 204
    await learner.browser.post(f"{here}/enrol")
    progress = (await learner.api.get(f"/api/courses/{course.id}/progress")).json()
    assert progress == {"done": 1, "required": 1, "percent": 100, "completed": True}
    kinds = [fact for fact in await facts(database) if fact[0] in ("enrolled", "left")]
    assert kinds == [("enrolled", "1", True), ("left", "1", True), ("enrolled", "2", True)]


async def test_course_that_was_never_entered_cannot_be_left(course: Course, learner: Account) -> None:
    assert (await learner.api.delete(f"/api/courses/{course.id}/enrol")).status_code == 404
    assert (await learner.browser.get(f"/dashboard/courses/{course.id}/leave")).status_code == 404


@on_both_databases
async def test_code_enrols_in_any_spelling_and_by_its_link(
    course: Course, instructor: Account, learner: Account, make_account: MakeAccount
) -> None:
    code = await make_code(instructor, course)
    typed = await learner.browser.post("/join", data={"code": f" {code.lower().replace('-', ' ')} "})
    assert typed.headers["location"] == f"/dashboard/courses/{course.id}"
    emmy = await make_account("learner", "emmy@example.edu", "Emmy Noether")
    asked = await emmy.browser.get(f"/join/{code}")
    assert "Enrol in “Optics”?" in asked.text
    assert faults(asked.text) == []
    assert not await is_enrolled(emmy, course)  # opening a link enrols nobody
    await emmy.browser.post("/join", data={"code": code})
    assert await is_enrolled(emmy, course)
    here = await emmy.browser.get(f"/join/{code}")
    assert here.headers["location"] == f"/dashboard/courses/{course.id}"


async def test_link_leads_through_the_sign_in_page(
    course: Course, instructor: Account, make_client: MakeClient
) -> None:
    code = await make_code(instructor, course)
    anonymous = await make_client(headers={"Accept": "text/html"})
    answer = await anonymous.get(f"/join/{code}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next=/join/{code}")


@on_both_databases
async def test_replaced_and_switched_off_codes_lead_nowhere(
    course: Course, instructor: Account, learner: Account
) -> None:
    way = f"/api/courses/{course.id}/way"
    first, second = await make_code(instructor, course), await make_code(instructor, course)
    assert first != second
    assert (await learner.browser.get(f"/join/{first}")).status_code == 404
    assert (await learner.browser.get(f"/join/{second}")).status_code == 200
    shown = {"mode": "code", "code": second, "path": f"/join/{second}"}
    kept = await instructor.api.put(way, json={"mode": "code"})
    assert kept.json() == shown
    page = await instructor.browser.get(f"/teach/courses/{course.id}/enrolling")
    assert f"http://localhost:8000/join/{second}" in page.text
    assert (await instructor.api.delete(f"/api/courses/{course.id}/code")).status_code == 204
    refused = await learner.browser.post("/join", data={"code": second})
    assert (refused.status_code, f'value="{second}"' in refused.text) == (422, True)  # stays to be corrected
    assert (await instructor.api.get(way)).json() == {"mode": "instructor", "code": None, "path": None}
    await instructor.api.put(way, json={"mode": "open"})
    await instructor.api.delete(f"/api/courses/{course.id}/code")
    assert (await instructor.api.get(way)).json()["mode"] == "open"


async def test_code_opens_only_its_own_course(
    world: World, course: Course, instructor: Account, learner: Account
) -> None:
    other = await world.course("Law", instructors=[instructor])
    code = await make_code(instructor, other)
    refused = await learner.api.post(f"/api/courses/{course.id}/enrol", json={"code": code})
    assert refused.status_code == 404
    taken = await learner.api.post(f"/api/courses/{other.id}/enrol", json={"code": code})
    assert (taken.status_code, taken.json()["title"]) == (200, "Law")


@on_both_databases
async def test_guesses_are_limited_by_person_and_end_after_a_while(
    course: Course, instructor: Account, learner: Account, make_account: MakeAccount, held_clock: HeldClock
) -> None:
    code = await make_code(instructor, course)
    guesses = await asyncio.gather(
        *(learner.browser.post("/join", data={"code": CODE_OF_NOBODY}) for _ in range(8))
    )
    statuses = sorted(answer.status_code for answer in guesses)
    most = account_rules.FAILURES_AT_ACCOUNT
    assert statuses == [422] * most + [429] * (8 - most)
    blocked = await learner.browser.get(f"/join/{code}")
    assert (blocked.status_code, "Too many attempts" in blocked.text) == (429, True)
    emmy = await make_account("learner", "emmy@example.edu", "Emmy Noether")
    assert (await emmy.browser.post("/join", data={"code": code})).status_code == 303  # of the same network
    signed_in = await learner.browser.post("/sign-in", data={"email": "nobody@x.edu", "password": "none"})
    assert signed_in.status_code == 422  # sign-ins are counted apart
    held_clock.advance(minutes=16)
    assert (await learner.browser.post("/join", data={"code": code})).status_code == 303


async def test_right_codes_are_no_guesses(course: Course, instructor: Account, learner: Account) -> None:
    code = await make_code(instructor, course)
    for _ in range(12):
        assert (await learner.browser.post("/join", data={"code": code})).status_code == 303
        assert (await instructor.browser.post("/join", data={"code": code})).status_code == 409


async def test_draft_is_not_entered_and_counts_no_guess(
    world: World, instructor: Account, learner: Account
) -> None:
    draft = await world.course("Waves", instructors=[instructor], status="draft")
    code = await make_code(instructor, draft)
    for _ in range(12):
        refused = await learner.browser.post("/join", data={"code": code})
        assert (refused.status_code, "not published yet" in refused.text) == (409, True)
    await instructor.api.put(f"/api/courses/{draft.id}/way", json={"mode": "open"})
    assert (await learner.api.post(f"/api/courses/{draft.id}/enrol", json={})).status_code == 404
    assert "Waves" not in (await learner.browser.get("/dashboard/courses")).text


@on_both_databases
async def test_one_enrolment_of_sixteen_clicks(
    course: Course, instructor: Account, learner: Account, database: Database
) -> None:
    code = await make_code(instructor, course)
    path = f"/api/courses/{course.id}/enrol"
    await instructor.api.put(f"/api/courses/{course.id}/way", json={"mode": "open"})
    answers = await asyncio.gather(*(learner.api.post(path, json={}) for _ in range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(not answer.json()["enrolled"] for answer in answers) == 1
    assert await facts(database) == [("enrolled", "1", True)]
    assert (await learner.browser.get(f"/join/{code}")).status_code == 404  # the course is open instead
    async with database.read() as session:
        assert len(list(await session.scalars(select(Enrolment)))) == 1


async def test_catalogue_is_searched_and_has_pages(
    world: World, instructor: Account, learner: Account
) -> None:
    for number in range(30):
        made = await world.course(f"Course {number:02d}", instructors=[instructor])
        await instructor.api.put(f"/api/courses/{made.id}/way", json={"mode": "open"})
    first = (await learner.browser.get("/dashboard/courses")).text
    assert ("Course 23" in first, "Course 24" in first) == (True, False)
    assert "Course 29" in (await learner.browser.get("/dashboard/courses?page=2")).text
    found = (await learner.browser.get("/dashboard/courses?search=course 17")).text
    assert ("Course 17" in found, "Course 16" in found) == (True, False)
    assert faults(found) == []


@on_both_databases
async def test_removal_lasts_until_an_instructor_enrols_the_person_again(
    course: Course, instructor: Account, learner: Account
) -> None:
    """Whoever left by themself may come back, also after an earlier removal."""
    here, told = f"/api/courses/{course.id}", "You were removed from this course. Ask its instructor"
    enrol, code = f"{here}/enrol", await make_code(instructor, course)
    assert (await learner.api.post(enrol, json={"code": code})).status_code == 200
    await instructor.api.delete(f"{here}/enrolments/{learner.id}")
    assert not await is_enrolled(learner, course)
    by_code = await learner.api.post(enrol, json={"code": code})
    assert (by_code.status_code, told in by_code.json()["detail"]) == (409, True)
    assert told in (await learner.browser.get(f"/join/{code}")).text
    typed = await learner.browser.post("/join", data={"code": code})
    assert (typed.status_code, told in typed.text) == (409, True)
    await instructor.api.put(f"{here}/way", json={"mode": "open"})
    for answer in (
        await learner.api.post(enrol, json={}),
        await learner.browser.post(f"/dashboard/courses/{course.id}/enrol"),
    ):
        assert (answer.status_code, told in answer.text) == (409, True)
    await learner.api.delete(enrol)  # leaving what has ended changes nothing
    assert (await learner.api.post(enrol, json={})).status_code == 409
    added = await instructor.api.post(f"{here}/enrolments", json={"emails": [learner.email]})
    assert added.json()["added"] == [learner.email]
    assert await is_enrolled(learner, course)
    await learner.api.delete(enrol)
    assert (await learner.api.post(enrol, json={})).json()["enrolled"] is False
    assert await is_enrolled(learner, course)
