"""Messages: in view, announced, and out of the way."""

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import update

from storage.database.tables import Course
from tests.e2e.shots import Shots
from tests.e2e.test_two_editors import PHONE, signed_in
from tests.e2e.uploading import course_url, lesson_url
from tests.fixtures.server_process import Campus

pytestmark = pytest.mark.e2e

# Records every text that is added to a live region that was in the page, empty, before.
RECORD = """addEventListener("DOMContentLoaded", () => {
  window.announced = [];
  for (const region of document.querySelectorAll("[role=status], [role=alert]")) {
    if (region.textContent.trim()) continue;
    new MutationObserver(() => announced.push([region.getAttribute("role"), region.innerText.trim()]))
      .observe(region, { childList: true, subtree: true, characterData: true });
  }
})"""
COVERED = """() => {
  const field = document.activeElement.getBoundingClientRect();
  return [...document.querySelectorAll(".toast")].some((toast) => {
    const box = toast.getBoundingClientRect();
    return box.top < field.bottom && box.bottom > field.top && box.left < field.right;
  });
}"""


async def announced(page: Page, role: str, text: str) -> None:
    await page.wait_for_function(
        "([role, text]) => announced.some(([one, said]) => one === role && said.includes(text))",
        arg=[role, text],
    )


async def test_messages_are_in_view_and_announced(teacher: Page, campus: Campus, shots: Shots) -> None:
    """Of a new page, of a swap, of a failure: above the navigation bar of a phone."""
    await teacher.set_viewport_size(PHONE)
    await teacher.add_init_script(RECORD)
    await teacher.clock.install()
    await teacher.goto(f"{course_url(campus)}/settings")
    await teacher.get_by_label("Description").fill("\n".join(f"Line {number}" for number in range(40)))
    await teacher.get_by_role("button", name="Save").click()
    await announced(teacher, "status", "Saved.")
    toast = teacher.locator(".toast")
    await expect(toast).to_be_in_viewport(ratio=1)
    bar = await teacher.locator(".bar-nav").bounding_box()
    box = await toast.bounding_box()
    assert bar
    assert box
    assert box["y"] + box["height"] <= bar["y"]
    await shots.take(teacher, "toast")
    await teacher.set_viewport_size(PHONE)
    await teacher.get_by_label("A video counts as watched").focus()
    assert not await teacher.evaluate(COVERED)

    await teacher.goto(lesson_url(campus))
    await teacher.get_by_label("Description").fill("Sorting networks")
    await teacher.get_by_role("button", name="Save").click()
    await announced(teacher, "status", "Saved.")
    await teacher.context.set_offline(True)
    await teacher.get_by_role("button", name="Save").click()
    await announced(teacher, "alert", "You are offline.")
    await teacher.context.set_offline(False)
    await expect(teacher.locator("[data-offline]")).to_have_count(0)

    await teacher.route("**/status", lambda route: route.fulfill(status=503))
    await teacher.get_by_role("button", name="Publish").click()
    await announced(teacher, "alert", "That did not work.")
    await expect(toast.filter(has_text="That did not work.")).to_be_in_viewport(ratio=1)
    await teacher.keyboard.press("Escape")
    await expect(toast.filter(has_text="That did not work.")).to_have_count(0)


async def test_what_is_gone_is_told_as_gone(teacher: Page, campus: Campus) -> None:
    await teacher.add_init_script(RECORD)
    await teacher.goto(lesson_url(campus))
    await teacher.route("**/status", lambda route: route.fulfill(status=404))
    await teacher.get_by_role("button", name="Publish").click()
    await announced(teacher, "alert", "What you wanted to change is no longer there")


async def test_success_leaves_but_not_while_it_is_in_use(teacher: Page, campus: Campus) -> None:
    await teacher.clock.install()
    await teacher.goto(f"{course_url(campus)}/settings")
    await teacher.get_by_role("button", name="Save").click()
    toast = teacher.locator(".toast-region .toast")
    await expect(toast).to_be_visible()
    await toast.hover()
    await teacher.clock.fast_forward(60_000)
    await expect(toast).to_be_visible()
    await teacher.mouse.move(0, 0)
    await toast.get_by_role("button", name="Dismiss").focus()
    await teacher.clock.fast_forward(60_000)
    await expect(toast).to_be_visible()
    await teacher.get_by_label("Title").focus()
    await teacher.clock.fast_forward(60_000)
    await expect(toast).to_have_count(0)


async def test_undo_stays_and_dismissing_returns_the_focus(
    teacher: Page, campus: Campus, shots: Shots
) -> None:
    await signed_in(teacher.context, campus, "administrator")
    await teacher.clock.install()
    await teacher.goto(f"{course_url(campus)}/people")
    await teacher.get_by_label("Address of another instructor").fill("other@example.edu")
    await teacher.get_by_role("button", name="Add", exact=True).click()
    await teacher.get_by_role("button", name="Remove other").click()
    toast = teacher.locator(".toast-region .toast")
    await expect(toast).to_contain_text("other is removed.")
    await shots.take(teacher, "toast-undo")
    await teacher.clock.fast_forward(600_000)
    await expect(toast.get_by_role("button", name="Undo")).to_be_visible()
    field = teacher.get_by_label("Email addresses")
    await field.focus()
    await toast.get_by_role("button", name="Dismiss").focus()
    await teacher.keyboard.press("Enter")
    await expect(toast).to_have_count(0)
    await expect(field).to_be_focused()


async def test_escape_closes_an_open_menu_first(teacher: Page, campus: Campus) -> None:
    async with campus.school.database.write() as session:
        await session.execute(update(Course).values(status="published"))
    await teacher.goto(course_url(campus))
    await teacher.get_by_role("button", name="Back to draft").click()
    toast = teacher.locator(".toast-region .toast")
    await expect(toast).to_be_visible()
    await teacher.get_by_label("Your account").click()
    await teacher.keyboard.press("Escape")
    await expect(teacher.get_by_role("button", name="Sign out")).to_be_hidden()
    await expect(toast).to_be_visible()
    await teacher.keyboard.press("Escape")
    await expect(toast).to_have_count(0)
