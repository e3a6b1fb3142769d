"""A translation is a file: nothing else makes a page German."""

from tests.fixtures.academy import Academy
from tests.integration.pages.markup import Page, faults


async def test_pages_follow_the_language_of_the_browser(academy: Academy) -> None:
    browser = academy.teacher.browser
    german = await browser.get(academy.course, headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert 'lang="de"' in german.text
    assert "5 Lektionen" in german.text
    assert faults(german.text) == []
    english = await browser.get(academy.course, headers={"Accept-Language": "tlh,en;q=0.5"})
    assert 'lang="en"' in english.text
    assert "5 lessons" in english.text


async def test_what_is_wrong_is_said_in_the_same_language(academy: Academy) -> None:
    answer = await academy.teacher.browser.post(
        "/teach", data={"title": ""}, headers={"Accept-Language": "de"}
    )
    said = [element.name for element in Page(answer.text).all("p")]
    assert "Schreiben Sie einen Titel mit 1 bis 200 Zeichen." in said


async def test_dates_are_written_as_readers_write_them(academy: Academy) -> None:
    page = await academy.teacher.browser.get(f"{academy.course}/people", headers={"Accept-Language": "de"})
    assert "seit 22.11.2026" in page.text


async def test_programs_hear_what_is_wrong_in_their_language(academy: Academy) -> None:
    """Scripts show it as it is."""
    answer = await academy.teacher.browser.post(
        "/api/courses", json={"title": ""}, headers={"Accept-Language": "de"}
    )
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Schreiben Sie einen Titel mit 1 bis 200 Zeichen."
    assert answer.json()["fields"] == {"title": answer.json()["detail"]}
