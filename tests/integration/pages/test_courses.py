"""Instructor's and learner's course pages, used without JavaScript."""

import pytest
from litestar import Litestar

from server.library import courses, enrolments, lessons
from storage.database.engine import Database
from tests.fixtures.web import Account, MakeAccount
from tests.integration.pages.markup import Page, faults
from tests.world.scenes import TITLES, Academy


async def flash(account: Account, path: str) -> str:
    """Text of the flash message on the page."""
    page = Page((await account.browser.get(path)).text)
    return next(element.name for element in page.elements if element.attributes.get("id") == "flash")


async def titles(database: Database, academy: Academy) -> list[str]:
    rows = await lessons.of_course(database, academy.teacher.viewer, academy.course_id)
    return [row.title for row in rows]


async def test_course_is_created(instructor: Account) -> None:
    first = await instructor.browser.get("/teach")
    assert "Make your first course" in first.text
    answer = await instructor.browser.post("/teach", data={"title": " Optics ", "description": "Light"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/teach/courses/")
    page = await instructor.browser.get(answer.headers["location"])
    assert "The course is made" in page.text
    assert "Drop a lecture on it" in page.text
    again = await instructor.browser.get(answer.headers["location"])
    assert "The course is made" not in again.text


@pytest.mark.parametrize("others", [False, True], ids=["first", "another"])
async def test_refused_course_form_keeps_its_values(instructor: Account, *, others: bool) -> None:
    if others:
        await instructor.browser.post("/teach", data={"title": "Optics"})
    answer = await instructor.browser.post(
        "/teach", data={"title": "x" * 201, "description": "Rays & <b>waves</b>"}
    )
    assert answer.status_code == 422
    assert faults(answer.text) == []
    assert "Rays &amp; &lt;b&gt;waves" in answer.text
    assert 'aria-describedby="field-title-error"' in answer.text
    assert "Write a title of 1 to 200 characters." in answer.text


async def test_learner_cannot_create_a_course(academy: Academy) -> None:
    answer = await academy.learner.browser.post("/teach", data={"title": "Optics"})
    assert answer.status_code == 403


async def test_lesson_is_added_and_redirects_to_its_page(academy: Academy, database: Database) -> None:
    answer = await academy.teacher.browser.post(f"{academy.course}/lessons", data={"title": "Holography"})
    assert answer.headers["location"].startswith(f"{academy.course}/lessons/")
    assert await titles(database, academy) == [*TITLES, "Holography"]
    refused = await academy.teacher.browser.post(f"{academy.course}/lessons", data={"title": " "})
    assert refused.status_code == 422
    assert faults(refused.text) == []


async def test_moving_a_lesson_stops_at_the_ends(academy: Academy, database: Database) -> None:
    browser = academy.teacher.browser
    await browser.post(f"{academy.lesson(2)}/move", data={"to": "up"})
    await browser.post(f"{academy.lesson(0)}/move", data={"to": "up"})
    assert await titles(database, academy) == ["Rays", "Interference", "Lenses", "Diffraction", "Lasers"]
    await browser.post(f"{academy.lesson(4)}/move", data={"to": "down"})
    await browser.post(f"{academy.lesson(0)}/move", data={"to": "sideways"})
    assert await titles(database, academy) == ["Rays", "Interference", "Lenses", "Diffraction", "Lasers"]


async def test_order_must_name_every_lesson(academy: Academy, database: Database) -> None:
    browser, path = academy.teacher.browser, f"{academy.course}/lessons/order"
    turned = list(reversed(academy.lesson_ids))
    assert (await browser.post(path, data={"lesson": turned})).status_code == 303
    assert await titles(database, academy) == list(reversed(TITLES))
    assert (await browser.post(path, data={"lesson": turned[1:]})).status_code == 400
    assert await titles(database, academy) == list(reversed(TITLES))


async def test_lesson_is_published_and_unpublished(academy: Academy) -> None:
    teacher, learner = academy.teacher.browser, academy.learner.browser
    seen = f"/dashboard/courses/{academy.course_id}/lessons/{academy.lesson_ids[4]}"
    assert (await learner.get(seen)).status_code == 404
    await teacher.post(f"{academy.lesson(4)}/status", data={"status": "published"})
    assert "is published, but empty" in await flash(academy.teacher, academy.course)
    assert (await learner.get(seen)).status_code == 200
    answer = await teacher.post(f"{academy.lesson(4)}/status", data={"status": "draft", "from": "lesson"})
    assert answer.headers["location"] == academy.lesson(4)
    assert (await learner.get(seen)).status_code == 404


async def test_lesson_with_a_video_is_published_without_a_warning(academy: Academy) -> None:
    await academy.teacher.browser.post(f"{academy.lesson(0)}/status", data={"status": "published"})
    assert "is published." in await flash(academy.teacher, academy.course)


async def test_lesson_is_not_found_under_another_course(academy: Academy) -> None:
    other = (await academy.teacher.browser.post("/teach", data={"title": "Acoustics"})).headers["location"]
    for action in ("move", "status", "delete"):
        answer = await academy.teacher.browser.post(f"{other}/lessons/{academy.lesson_ids[0]}/{action}")
        assert answer.status_code == 404


async def test_deleting_a_lesson_asks_for_confirmation(academy: Academy, database: Database) -> None:
    confirmation = await academy.teacher.browser.get(f"{academy.lesson(0)}/delete")
    assert "Delete “Rays”?" in confirmation.text
    assert len(await titles(database, academy)) == 5
    answer = await academy.teacher.browser.post(f"{academy.lesson(0)}/delete")
    assert answer.headers["location"] == academy.course
    assert await titles(database, academy) == list(TITLES[1:])
    assert (await academy.teacher.browser.post(f"{academy.lesson(0)}/delete")).status_code == 404


async def test_deleting_a_course_requires_its_title(academy: Academy, database: Database) -> None:
    browser, path = academy.teacher.browser, f"{academy.course}/delete"
    wrong = await browser.post(path, data={"title": "Acoustics"})
    assert wrong.status_code == 422
    assert 'value="Acoustics"' in wrong.text
    assert faults(wrong.text) == []
    assert (await browser.post(path, data={"title": " optics "})).headers["location"] == "/teach"
    assert await courses.teaching(database, academy.teacher.viewer) == []


async def test_publishing_a_course_can_include_its_drafts(academy: Academy, database: Database) -> None:
    browser, viewer = academy.teacher.browser, academy.teacher.viewer
    await browser.post(f"{academy.course}/status", data={"status": "draft"})
    assert (await academy.learner.browser.get(f"/dashboard/courses/{academy.course_id}")).status_code == 404
    for tab in ("", "/people", "/settings"):
        assert "Publish its draft lesson too" in (await browser.get(academy.course + tab)).text
    await browser.post(f"{academy.course}/status", data={"status": "published", "with_lessons": "on"})
    rows = await lessons.of_course(database, viewer, academy.course_id)
    assert {row.status for row in rows} == {"published"}


async def test_settings_are_saved_or_shown_with_errors(academy: Academy, database: Database) -> None:
    browser, path = academy.teacher.browser, f"{academy.course}/settings"
    new = {"title": "Optics II", "description": "", "completion_threshold": "80 %"}
    assert (await browser.post(path, data=new)).status_code == 303
    kept = await courses.get(database, academy.teacher.viewer, academy.course_id)
    assert (kept.title, kept.completion_threshold) == ("Optics II", 80)
    refused = await browser.post(path, data={**new, "completion_threshold": "most"})
    assert refused.status_code == 422
    assert 'value="most"' in refused.text
    assert "1 to 100 percent" in refused.text
    assert faults(refused.text) == []


async def test_unknown_addresses_stay_in_the_enrolment_form(
    academy: Academy, database: Database, make_account: MakeAccount
) -> None:
    emmy = await make_account("learner", "emmy@example.edu", "Emmy Noether")
    browser, path = academy.teacher.browser, f"{academy.course}/people"
    typed = "Emmy <EMMY@example.edu>; who@example.edu"
    answer = await browser.post(f"{path}/learners", data={"emails": typed})
    assert answer.status_code == 422
    assert "1 person enrolled." in answer.text
    assert "who@example.edu</textarea>" in answer.text
    assert faults(answer.text) == []
    enrolled = await enrolments.of_course(database, academy.teacher.viewer, academy.course_id)
    assert {member.email for member in enrolled} == {academy.learner.email, emmy.email}


async def test_malformed_address_stays_in_the_enrolment_form(
    academy: Academy, make_account: MakeAccount
) -> None:
    await make_account("learner", "emmy@example.edu", "Emmy Noether")
    typed = "emmy@example.edu\nada.example.edu\nwho@example.edu"
    answer = await academy.teacher.browser.post(f"{academy.course}/people/learners", data={"emails": typed})
    assert answer.status_code == 422
    assert "1 person enrolled." in answer.text
    assert "who@example.edu\nada.example.edu</textarea>" in answer.text
    assert "Correct or remove them." in answer.text


async def test_text_without_addresses_is_refused_and_kept(academy: Academy) -> None:
    path = f"{academy.course}/people/learners"
    answer = await academy.teacher.browser.post(path, data={"emails": "the whole class"})
    assert answer.status_code == 422
    assert "the whole class</textarea>" in answer.text
    assert "Write at least one email address." in answer.text


async def test_removing_a_learner_can_be_undone(academy: Academy, database: Database) -> None:
    browser, path = academy.teacher.browser, f"{academy.course}/people"
    answer = await browser.post(f"{path}/learners/{academy.learner.id}/remove")
    assert answer.headers["location"] == path
    assert await enrolments.of_course(database, academy.teacher.viewer, academy.course_id) == []
    page = Page((await browser.get(path)).text)
    undo = next(
        form for form in page.all("form") if any(p.attributes.get("id") == "flash" for p in form.parents)
    )
    field = next(element for element in page.all("input") if undo in element.parents)
    again = await browser.post(
        undo.attributes["action"], data={field.attributes["name"]: field.attributes["value"]}
    )
    assert again.status_code == 303
    enrolled = await enrolments.of_course(database, academy.teacher.viewer, academy.course_id)
    assert [member.user_id for member in enrolled] == [academy.learner.id]


async def test_instructors_are_added_and_removed(academy: Academy, make_account: MakeAccount) -> None:
    lise = await make_account("instructor", "lise@example.edu", "Lise Meitner")
    browser, path = academy.teacher.browser, f"{academy.course}/people"
    learner = await browser.post(f"{path}/teachers", data={"email": academy.learner.email})
    assert learner.status_code == 422
    assert f'value="{academy.learner.email}"' in learner.text
    last = await browser.post(f"{path}/teachers/{academy.teacher.id}/remove")
    assert last.status_code == 409
    assert "A course needs at least one instructor." in last.text
    assert (await browser.post(f"{path}/teachers", data={"email": lise.email})).status_code == 303
    assert (await lise.browser.get(academy.course)).status_code == 200
    gone = await browser.post(f"{path}/teachers/{academy.teacher.id}/remove")
    assert gone.headers["location"] == "/teach"
    assert (await browser.get(academy.course)).status_code == 404


async def test_dashboard_shows_playable_lessons(academy: Academy) -> None:
    page = (await academy.learner.browser.get("/dashboard")).text
    first = f"/dashboard/courses/{academy.course_id}/lessons/{academy.lesson_ids[0]}"
    assert first in page
    assert "45 min" in page
    assert "/thumbnail.jpg" in page
    course = (await academy.learner.browser.get(f"/dashboard/courses/{academy.course_id}")).text
    assert "Lasers" not in course
    assert "Encoding, 42 %" in course


async def test_course_shows_the_failure_reason(academy: Academy) -> None:
    page = (await academy.teacher.browser.get(academy.course)).text
    assert "The recording ends in the middle. Upload it again." in page


async def test_dashboard_without_courses_shows_the_next_step(instructor: Account, learner: Account) -> None:
    assert learner.email in (await learner.browser.get("/dashboard")).text
    assert 'href="/teach"' in (await instructor.browser.get("/dashboard")).text


async def test_overview_shows_failures_and_running_encodings(
    academy: Academy, administrator: Account, app: Litestar
) -> None:
    page = (await administrator.browser.get("/admin")).text
    assert "The recording ends in the middle. Upload it again." in page
    assert "No worker takes jobs" in page
    assert academy.lesson(2) in page
    assert academy.lesson(1) in page
