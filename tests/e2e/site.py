"""Page actions through visible labels, buttons and headings."""

from pathlib import Path

from playwright.async_api import Page, expect

PASSWORD = "a sentence that nobody guesses"


async def set_up(page: Page, link: str) -> None:
    """Opens the set-up link and creates the administrator, who is signed in afterwards."""
    await page.goto(link)
    await page.get_by_label("Your name").fill("Ada Adams")
    await page.get_by_label("Email address").fill("ada@example.org")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Name of your school").fill("Northfield University")
    await page.get_by_role("button", name="Set up and sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()


async def add_person(page: Page, url: str, *, name: str, email: str, role: str) -> None:
    await page.goto(f"{url}/admin/people/new")
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("Email address").fill(email)
    await page.get_by_label("Role").select_option(role)
    await page.get_by_label("First password").fill(PASSWORD)
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_text(email)).to_be_visible()


async def sign_in(page: Page, url: str, email: str) -> None:
    await page.goto(f"{url}/sign-in")
    await page.get_by_label("Email address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda address: "/sign-in" not in address)


async def make_course(page: Page, url: str, title: str) -> str:
    """Returns the course's URL."""
    await page.goto(f"{url}/teach")
    await page.get_by_label("Title").fill(title)
    await page.get_by_role("button", name="Make the course").click()
    await page.wait_for_url("**/teach/courses/*")
    return page.url


async def add_lesson(page: Page, course: str, title: str) -> None:
    """Leaves the browser on the lesson's page."""
    await page.goto(course)
    form = page.locator("form", has=page.get_by_role("button", name="Add lesson"))
    await form.get_by_role("textbox").fill(title)
    await form.get_by_role("button").click()
    await page.wait_for_url("**/lessons/*")


async def enrol(page: Page, course: str, email: str) -> None:
    await page.goto(f"{course}/people")
    await page.get_by_label("Email addresses").fill(email)
    await page.get_by_role("button", name="Enrol").click()
    await expect(page.get_by_role("listitem").filter(has_text=email)).to_be_visible()


async def publish(page: Page, course: str) -> None:
    """Publishes the course with its draft lessons."""
    await page.goto(course)
    await page.get_by_text("Publish course").first.click()
    await page.get_by_role("button", name="Publish course").click()
    await expect(page.get_by_text("Back to draft").first).to_be_visible()


async def upload(page: Page, file: Path) -> None:
    await page.locator("[data-lesson-video] input[type=file]").first.set_input_files(file)
