"""Two editors of one course or lesson: nothing is overwritten silently, in pages and in the API."""

import asyncio

import httpx
import pytest

from server.core.errors import EditConflict
from server.library import courses, lessons
from server.library.schemas import CoursePatch, LessonPatch
from storage.database.engine import Database
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.integration.pages.markup import Page, faults
from tests.world.scenes import Academy


def form_values(html: str, action: str) -> dict[str, str]:
    """Fields of the form with this action, as a browser would send them."""
    page = Page(html)
    form = next(
        form
        for form in page.elements
        if form.tag == "form" and form.attributes.get("action") == action and "data-keep" in form.attributes
    )
    inside = [element for element in page.elements if form in element.parents]
    inputs = {
        element.attributes["name"]: element.attributes.get("value", "")
        for element in inside
        if element.tag == "input"
    }
    areas = {
        element.attributes["name"]: "".join(element.text).removeprefix("\n")
        for element in inside
        if element.tag == "textarea"
    }
    return inputs | areas


async def opened(account: Account, path: str) -> dict[str, str]:
    return form_values((await account.browser.get(path)).text, path)


async def post(account: Account, path: str, form: dict[str, str]) -> httpx.Response:
    return await account.browser.post(path, data=form)


def sides(html: str) -> dict[str, str]:
    return {
        element.attributes["data-side"]: "".join(element.text)
        for element in Page(html).elements
        if "data-side" in element.attributes
    }


@pytest.mark.parametrize("where", ["lesson", "course"])
async def test_both_texts_are_shown_and_mine_can_be_saved(
    academy: Academy, administrator: Account, where: str
) -> None:
    path = academy.lesson(0) if where == "lesson" else f"{academy.course}/settings"
    one, other = await opened(academy.teacher, path), await opened(administrator, path)
    assert (await post(administrator, path, other | {"description": "Their words"})).status_code == 303
    asked = await post(academy.teacher, path, one | {"description": "My words"})
    assert asked.status_code == 409
    assert faults(asked.text) == []
    assert sides(asked.text) == {"yours": "My words", "saved": "Their words"}
    assert "Saved meanwhile, Nov 22, 2026" in asked.text
    again = form_values(asked.text, path)
    assert again["description"] == "My words"
    assert (await opened(academy.teacher, path))["description"] == "Their words"
    assert (await post(academy.teacher, path, again)).status_code == 303
    assert (await opened(academy.teacher, path))["description"] == "My words"


async def test_save_after_a_conflict_is_asked_again_about_a_third_text(
    academy: Academy, administrator: Account
) -> None:
    path = academy.lesson(0)
    mine = await opened(academy.teacher, path)
    await post(administrator, path, (await opened(administrator, path)) | {"description": "Second"})
    asked = await post(academy.teacher, path, mine | {"description": "Mine"})
    await post(administrator, path, (await opened(administrator, path)) | {"description": "Third"})
    again = await post(academy.teacher, path, form_values(asked.text, path))
    assert again.status_code == 409
    assert sides(again.text) == {"yours": "Mine", "saved": "Third"}


async def test_changes_of_different_fields_are_merged(academy: Academy, administrator: Account) -> None:
    path = f"{academy.course}/settings"
    one, other = await opened(academy.teacher, path), await opened(administrator, path)
    assert (await post(administrator, path, other | {"title": "Wave optics"})).status_code == 303
    changed = one | {"description": "Only waves.", "completion_threshold": "80 %"}
    assert (await post(academy.teacher, path, changed)).status_code == 303
    kept = await opened(academy.teacher, path)
    assert (kept["title"], kept["description"], kept["completion_threshold"]) == (
        "Wave optics",
        "Only waves.",
        "80",
    )


async def test_only_the_field_in_conflict_is_asked_about(academy: Academy, administrator: Account) -> None:
    path = academy.lesson(0)
    one, other = await opened(academy.teacher, path), await opened(administrator, path)
    await post(administrator, path, other | {"title": "Light rays", "description": "Theirs"})
    asked = await post(academy.teacher, path, one | {"description": "Mine"})
    assert sides(asked.text) == {"yours": "Mine", "saved": "Theirs"}
    await post(academy.teacher, path, form_values(asked.text, path))
    kept = await opened(academy.teacher, path)
    assert (kept["title"], kept["description"]) == ("Light rays", "Mine")


async def test_equal_texts_are_no_conflict(academy: Academy, administrator: Account) -> None:
    path = academy.lesson(0)
    form = await opened(academy.teacher, path) | {"description": "Two\nlines"}
    assert (await post(administrator, path, form)).status_code == 303
    assert (await post(academy.teacher, path, form | {"description": "Two\r\nlines "})).status_code == 303


async def test_refused_form_still_starts_from_what_was_opened(
    academy: Academy, administrator: Account
) -> None:
    path = academy.lesson(0)
    mine = await opened(academy.teacher, path) | {"description": "Mine"}
    await post(administrator, path, (await opened(administrator, path)) | {"description": "Theirs"})
    refused = await post(academy.teacher, path, mine | {"title": ""})
    assert refused.status_code == 422
    corrected = form_values(refused.text, path) | {"title": "Rays"}
    assert (await post(academy.teacher, path, corrected)).status_code == 409


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 40, "²"])
async def test_malformed_version_is_asked_about(academy: Academy, version: str) -> None:
    path = academy.lesson(0)
    form = {"title": "Mine", "description": "", "version": version}
    assert (await post(academy.teacher, path, form)).status_code == 409


async def test_api_refuses_a_stale_version_with_both_texts(academy: Academy) -> None:
    api = academy.teacher.api
    course, lesson = f"/api/courses/{academy.course_id}", f"/api/lessons/{academy.lesson_ids[0]}"
    for path in (course, lesson):
        before = (await api.get(path)).json()
        first = await api.patch(path, json={"title": "Theirs", "version": before["version"]})
        assert first.json()["version"] == before["version"] + 1
        stale = await api.patch(path, json={"title": "Mine", "version": before["version"]})
        assert stale.status_code == 409
        assert stale.json()["conflicts"] == {"title": {"yours": "Mine", "saved": "Theirs"}}
        assert stale.json()["version"] == before["version"] + 1
        equal = await api.patch(path, json={"title": "Theirs", "version": before["version"]})
        assert (equal.status_code, equal.json()["version"]) == (200, before["version"] + 1)
        forced = await api.patch(path, json={"title": "Mine", "version": stale.json()["version"]})
        assert (forced.status_code, forced.json()["title"]) == (200, "Mine")
        unversioned = await api.patch(path, json={"title": "Last"})
        assert (unversioned.status_code, unversioned.json()["title"]) == (200, "Last")


async def test_version_counts_changes_of_text_only(academy: Academy) -> None:
    api, path = academy.teacher.api, f"/api/lessons/{academy.lesson_ids[0]}"
    before = (await api.get(path)).json()["version"]
    await api.patch(path, json={"status": "draft", "position": 2})
    await api.patch(path, json={"title": "Rays"})
    assert (await api.get(path)).json()["version"] == before
    await api.patch(path, json={"description": "New"})
    assert (await api.get(path)).json()["version"] == before + 1


@on_both_databases
async def test_one_of_two_concurrent_saves_wins_and_the_other_is_asked(
    academy: Academy, database: Database, held_clock: HeldClock
) -> None:
    viewer, now = academy.teacher.viewer, held_clock.now()

    async def save_lesson(text: str, version: int) -> object:
        patch = LessonPatch(description=text, version=version)
        return await lessons.edit(database, viewer, academy.lesson_ids[0], patch, now)

    async def save_course(text: str, version: int) -> object:
        patch = CoursePatch(description=text, version=version)
        return await courses.edit(database, viewer, academy.course_id, patch, now)

    for save in (save_lesson, save_course):
        for version in range(1, 6):
            saves = [save(f"{author} of {version}", version) for author in ("One", "Other")]
            results = await asyncio.gather(*saves, return_exceptions=True)
            conflicts = [result for result in results if isinstance(result, EditConflict)]
            saved = [result for result in results if not isinstance(result, BaseException)]
            assert (len(conflicts), len(saved)) == (1, 1), results
            assert conflicts[0].version == version + 1
            assert conflicts[0].merged.conflicts == {"description": saved[0].description}  # type: ignore[attr-defined]
