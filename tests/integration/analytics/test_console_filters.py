"""Filters in the addresses of analytics: those that cannot be are told, and files refuse them."""

import pytest

from tests.fixtures.web import Account
from tests.world.builder import World

HERE = "/admin/analytics"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("compare=never", "There is no “never” to choose here."),
        ("course=%21%21", "There is no “!!” to choose here."),
        ("team=" + "x" * 70, "to choose here."),
        ("team=" + "x" * 32, "What the filter names is no longer there."),
    ],
)
async def test_wrong_filters_are_told(administrator: Account, query: str, told: str) -> None:
    office = administrator.browser
    assert told in (await office.get(f"{HERE}?{query}")).text
    file = await office.get(f"{HERE}/tables/figures.csv?{query}")
    assert file.status_code == (200 if "no longer" in told else 400)


async def test_page_of_a_course_is_not_told_as_a_wrong_filter(
    administrator: Account, instructor: Account, world: World
) -> None:
    course = await world.course("Optics", instructors=[instructor])
    pages = [await administrator.browser.get(f"{HERE}/courses/{course.id}")]
    pages += [
        await instructor.browser.get(path)
        for path in ("/teach/analytics", f"/teach/courses/{course.id}/analytics")
    ]
    for shown in pages:
        assert shown.status_code == 200
        assert "What the filter names" not in shown.text
        assert "to choose here" not in shown.text
