"""Text submitted after the session has ended: it comes back after a sign-in of the same person, unsaved."""

from collections.abc import Iterator

import httpx
import pytest

from server.core.web import forms
from tests.fixtures.web import PASSWORD, Account, MakeAccount
from tests.integration.pages.markup import Element, Page, faults
from tests.world.scenes import Academy

TEXT = "Snell’s law:\nn₁ sin θ₁ = n₂ sin θ₂ & <b>more</b>"


def fields(html: str, action: str) -> dict[str, str]:
    """Fields of the first form with this action."""
    page = Page(html)
    form = next(e for e in page.elements if e.tag == "form" and e.attributes.get("action") == action)
    return {
        e.attributes["name"]: e.attributes.get("value", "")
        if e.tag == "input"
        else "".join(e.text).lstrip("\n")
        for e in page.elements
        if form in e.parents and "name" in e.attributes
    }


async def sign_in(browser: httpx.AsyncClient, asked: httpx.Response, email: str) -> httpx.Response:
    form = fields(asked.text, "/sign-in") | {"email": email, "password": PASSWORD}
    return await browser.post("/sign-in", data=form)


async def typed(academy: Academy, **changes: str) -> httpx.Response:
    """Answer to a lesson's form that is submitted after its session has ended."""
    browser, path = academy.teacher.browser, academy.lesson(0)
    form = fields((await browser.get(path)).text, path) | {"description": TEXT} | changes
    browser.cookies.clear()
    return await browser.post(path, data=form)


async def test_typed_text_comes_back_after_a_sign_in(academy: Academy) -> None:
    browser, path = academy.teacher.browser, academy.lesson(0)
    asked = await typed(academy)
    assert asked.status_code == 401
    assert faults(asked.text) == []
    assert "What you typed is kept" in asked.text
    wrong = await browser.post("/sign-in", data=fields(asked.text, "/sign-in") | {"email": "x@example.edu"})
    assert wrong.status_code == 422
    back = await sign_in(browser, wrong, academy.teacher.email)
    assert back.status_code == 200
    assert back.headers["cache-control"] == "no-store"
    assert faults(back.text) == []
    shown = await browser.post(path, data=fields(back.text, path))
    assert shown.status_code == 200
    assert faults(shown.text) == []
    assert "It is not saved yet." in shown.text
    form = fields(shown.text, path)
    assert form["description"] == TEXT
    assert fields((await browser.get(path)).text, path)["description"] == ""
    assert forms.RESTORE not in form
    assert (await browser.post(path, data=form)).status_code == 303
    assert fields((await browser.get(path)).text, path)["description"] == TEXT


async def test_text_that_comes_back_is_compared_with_later_saves(academy: Academy) -> None:
    browser, path = academy.teacher.browser, academy.lesson(0)
    asked = await typed(academy)
    await academy.teacher.api.patch(f"/api/lessons/{academy.lesson_ids[0]}", json={"description": "Theirs"})
    back = await sign_in(browser, asked, academy.teacher.email)
    shown = await browser.post(path, data=fields(back.text, path))
    assert (await browser.post(path, data=fields(shown.text, path))).status_code == 409


async def test_another_person_does_not_see_the_text(academy: Academy, make_account: MakeAccount) -> None:
    other = await make_account("instructor", "lise@example.edu", "Lise Meitner")
    asked = await typed(academy)
    answer = await sign_in(academy.teacher.browser, asked, other.email)
    assert (answer.status_code, answer.headers["location"]) == (303, academy.lesson(0))
    assert "Snell" not in answer.text
    page = await academy.teacher.browser.get("/teach")
    assert "belongs to another account" in page.text
    assert "Snell" not in page.text


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/\\evil.example"])
async def test_carried_addresses_stay_local(academy: Academy, address: str) -> None:
    browser = academy.teacher.browser
    asked = await typed(academy, kept_page=address)
    form = fields(asked.text, "/sign-in")
    assert form["next"] == "/"
    form |= {"email": academy.teacher.email, "password": PASSWORD, "typed_action": address}
    back = await browser.post("/sign-in", data=form)
    targets = [
        e.attributes.get("href") or e.attributes.get("action", "") for e in Page(back.text).all("a", "form")
    ]
    assert not any("evil" in target for target in targets)


async def test_passwords_are_not_carried(administrator: Account) -> None:
    browser, path = administrator.browser, "/admin/people/new"
    form = fields((await browser.get(path)).text, path)
    browser.cookies.clear()
    asked = await browser.post(
        path, data=form | {"name": "Lise", "email": "l@x.edu", "password": "secret words"}
    )
    assert asked.status_code == 401
    assert 'value="Lise"' in asked.text
    assert "secret words" not in asked.text


async def test_files_are_not_carried(administrator: Account) -> None:
    browser, path = administrator.browser, "/admin/people/import"
    form = fields((await browser.get(path)).text, path)
    browser.cookies.clear()
    data = {name: value for name, value in form.items() if name != "file"} | {"list": "email,name,role"}
    asked = await browser.post(path, data=data, files={"file": ("list.csv", b"secret,rows")})
    assert asked.status_code == 401
    assert 'value="email,name,role"' in asked.text
    assert "secret,rows" not in asked.text


async def test_text_that_is_too_long_is_not_carried(academy: Academy) -> None:
    asked = await typed(academy, description="x" * (forms.CARRIED_BYTES + 1))
    assert asked.status_code == 401
    assert "too long to be kept here" in asked.text
    assert "xxxx" not in asked.text


async def test_form_without_typed_text_leads_to_sign_in(academy: Academy) -> None:
    browser = academy.teacher.browser
    browser.cookies.clear()
    answer = await browser.post(f"{academy.lesson(0)}/status", data={"status": "draft"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    program = await browser.post(
        academy.lesson(0), data={"kept_person": academy.teacher.id}, headers={"Accept": "application/json"}
    )
    assert program.status_code == 401
    assert program.headers["content-type"] == "application/problem+json"


def kept_forms(html: str) -> Iterator[tuple[Element, dict[str, str]]]:
    page = Page(html)
    for form in page.elements:
        inside = [e for e in page.elements if form in e.parents and "name" in e.attributes]
        if form.tag == "form" and any(e.attributes["name"] == forms.PERSON for e in inside):
            yield form, {e.attributes["name"]: e.attributes.get("value", "") for e in inside}


async def test_every_kept_form_shows_restored_text_and_saves_nothing(
    academy: Academy, administrator: Account
) -> None:
    """A form with the macro `kept` has to have a handler that knows `form.restored`."""
    admin = administrator.browser
    pages = [
        "/teach",
        academy.course,
        f"{academy.course}/people",
        f"{academy.course}/settings",
        academy.lesson(0),
        "/account",
        "/admin/people/new",
        "/admin/people/import",
        f"/admin/people/{academy.learner.id}",
    ]
    seen = []
    for path in pages:
        for form, values in kept_forms((await admin.get(path)).text):
            action = form.attributes["action"].partition("#")[0]
            typed = {name: value or "typed@example.edu" for name, value in values.items() if name != "file"}
            answer = await admin.post(action, data={**typed, forms.RESTORE: "yes"})
            assert answer.status_code == 200, action
            assert "It is not saved yet." in answer.text, action
            assert faults(answer.text) == [], action
            seen.append(action)
    assert len(seen) == 12
