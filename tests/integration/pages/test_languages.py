"""Language of pages, errors and dates, by Accept-Language."""

from tests.integration.pages.markup import Page, faults
from tests.world.scenes import Academy


async def test_page_language_follows_accept_language(academy: Academy) -> None:
    browser = academy.teacher.browser
    german = await browser.get(academy.course, headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert 'lang="de"' in german.text
    assert "5 Lektionen" in german.text
    assert faults(german.text) == []
    english = await browser.get(academy.course, headers={"Accept-Language": "tlh,en;q=0.5"})
    assert 'lang="en"' in english.text
    assert "5 lessons" in english.text


async def test_form_errors_are_translated(academy: Academy) -> None:
    answer = await academy.teacher.browser.post(
        "/teach", data={"title": ""}, headers={"Accept-Language": "de"}
    )
    texts = [element.name for element in Page(answer.text).all("p")]
    assert "Schreiben Sie einen Titel mit 1 bis 200 Zeichen." in texts


async def test_dates_are_localised(academy: Academy) -> None:
    page = await academy.teacher.browser.get(f"{academy.course}/people", headers={"Accept-Language": "de"})
    assert "seit 22.11.2026" in page.text


async def test_problem_details_are_translated(academy: Academy) -> None:
    """Our scripts show them unchanged."""
    answer = await academy.teacher.browser.post(
        "/api/courses", json={"title": ""}, headers={"Accept-Language": "de"}
    )
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Schreiben Sie einen Titel mit 1 bis 200 Zeichen."
    assert answer.json()["fields"] == {"title": answer.json()["detail"]}
