"""Days of a streak for a reader in another zone: the institution's, on card, calendar and in the API."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from server.core.events import note_activity
from storage.database.tables import Institution
from tests.e2e.test_two_editors import signed_in
from tests.fixtures.server_process import Campus

pytestmark = pytest.mark.e2e

INSTITUTION, READER = "Etc/GMT+12", "Pacific/Auckland"  # never on the same day: 24 or 25 hours apart
BEHIND = timedelta(hours=12)  # the institution, of UTC
SATURDAY = 5


@pytest.fixture
async def far_campus(campus: Campus) -> AsyncIterator[Campus]:
    """Institution in a zone that is not the server's, whose processes run in UTC."""
    database, server = campus.school.database, campus.server
    async with database.write() as session:
        before = await session.get(Institution, 1)
        usual = (before.time_zone, before.day_start_hour) if before else ("UTC", 0)
        await session.merge(Institution(id=1, time_zone=INSTITUTION, day_start_hour=0))
    server.environment["TZ"] = "UTC"
    await server.kill()
    await server.start()
    yield campus
    async with database.write() as session:
        await session.merge(Institution(id=1, time_zone=usual[0], day_start_hour=usual[1]))
    await server.kill()


def acts(now: datetime) -> list[datetime]:
    """Moments about the midnights of three zones, in two weeks."""
    midnights = [now.replace(hour=hour, minute=0, second=0, microsecond=0) for hour in (0, 11, 12)]
    near = [moment + timedelta(minutes=minutes) for moment in midnights for minutes in (-1, 1)]
    return [at - timedelta(days=back) for back in (0, 1, 3, 4, 12) for at in near if at <= now or back]


async def test_reader_in_auckland_sees_the_institutions_days(browser: Browser, far_campus: Campus) -> None:
    campus = far_campus
    now = campus.world.now()
    moments = acts(now)
    async with campus.school.database.write() as session:
        for at in moments:
            await note_activity(session, [campus.school.users["learner"]], at)
    learned = {(at - BEHIND).date() for at in moments}
    context = await browser.new_context(timezone_id=READER, locale="en-NZ")
    await signed_in(context, campus, "learner")
    page = await context.new_page()
    async with campus.client("learner") as program:
        told = (await program.get("/api/gamification/stats")).json()["streak"]
        every = (await program.get("/api/gamification/streak")).json()
    card = await week_of_card(page, campus)
    calendar = await days_of_calendar(page, campus, {day["day"][:4] for day in told["week"]})
    await context.close()

    today = (now - BEHIND).date()
    assert every["today"] == today.isoformat()
    monday = today - timedelta(days=today.weekday())
    week = [(monday + timedelta(days=number)).isoformat() for number in range(7)]
    states = {day["day"]: day["state"] for day in every["days"]}
    assert {day for day, state in states.items() if state in ("learned", "extra")} == {
        day.isoformat() for day in learned
    }
    assert [(day["day"], day["state"]) for day in told["week"]] == [
        (day, states.get(day, "ahead")) for day in week
    ]
    assert card == [(date.fromisoformat(day["day"]).strftime("%A"), day["state"]) for day in told["week"]]
    assert {day: state for day, state in calendar.items() if day in states} == states
    for day in learned:
        assert states[day.isoformat()] == ("extra" if day.weekday() >= SATURDAY else "learned")


async def week_of_card(page: Page, campus: Campus) -> list[tuple[str, str]]:
    """Names of the days as they are read out, with their states."""
    await page.goto(f"{campus.server.url}/dashboard")
    days = page.locator(".game-card .week-day")
    await expect(days).to_have_count(7)
    found = await days.evaluate_all(
        "days => days.map(day => [day.querySelector('.visually-hidden').textContent, day.dataset.state])"
    )
    return [(text.partition(":")[0], state) for text, state in found]


async def days_of_calendar(page: Page, campus: Campus, years: set[str]) -> dict[str, str]:
    """State of each day that the calendar shows; one of them is marked as today."""
    found: dict[str, str] = {}
    today = list[str]()
    for year in sorted(years):
        await page.goto(f"{campus.server.url}/dashboard/streak?year={year}")
        cells = await page.locator(".month td.week-day").evaluate_all(
            """cells => cells.map(cell => [
                cell.closest(".month").id.slice("month-".length),
                cell.querySelector(".day-number").textContent, cell.dataset.state, cell.ariaCurrent])"""
        )
        for month, number, state, current in cells:
            day = f"{month}-{int(number):02}"
            found[day] = state
            today += [day] if current else []
    assert set(today) == {max(day for day, state in found.items() if state != "ahead")}
    return found
