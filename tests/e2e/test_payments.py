"""Payments in a browser: enter, refund, import with a preview, the list with its sums."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.shots import Shots
from tests.e2e.test_two_editors import signed_in
from tests.fixtures.axe import violations
from tests.fixtures.server_process import Campus

pytestmark = pytest.mark.e2e
LIST = (
    "date;kind;amount;currency;email;reference\n"
    "2025-11-02;one_off;1.249,90;EUR;ada@example.edu;R-1\n"
    "2025-11-03;one_off;12,5;JPY;emmy@example.edu;R-2\n"
    "2025-11-04;one_off;8000;JPY;lise.meitner-with-a-long-name@department.example.edu;R-3\n"
)


async def fill(campus: Campus) -> None:
    now = campus.world.now()
    terms: list[dict[str, Any]] = [
        {"email": "ada@example.edu", "note": "Laboratory fee of the summer term"},
        {"currency": "KWD", "amount": 12345},
        {"kind": "recurring", "external_id": "S-1", "at": (now - timedelta(days=100)).isoformat()},
        {"kind": "paused", "refers_to": "S-1", "amount": 0, "currency": ""},
        {"kind": "recurring", "amount": 120_00, "months": 12, "email": "emmy@example.edu"},
    ]
    for one in terms:
        await campus.world.payment(**one)


async def check(page: Page, shots: Shots, name: str) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await violations(page) == []
    await shots.take(page, name)


async def test_payments(page: Page, campus: Campus, shots: Shots) -> None:
    await fill(campus)
    await signed_in(page.context, campus, "administrator")
    await page.goto(campus.server.url + "/admin")
    await page.get_by_role("link", name="Payments").click()
    await check(page, shots, "payments")
    await page.get_by_label("Kind").select_option("recurring")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.get_by_text("of which paused: €10.00")).to_be_visible()
    await check(page, shots, "payments-recurring")
    await page.get_by_role("link", name="Recurring payment").first.click()
    await check(page, shots, "payment-new")
    await page.goto(campus.server.url + "/admin/payments/new")
    await page.get_by_label("Amount").fill("49,90")
    await page.get_by_label("Currency").select_option("EUR")
    await page.get_by_label("What it is for").fill("Course fee")
    await page.get_by_role("button", name="Enter the payment").click()
    await page.get_by_label("Amount in EUR").fill("9.90")
    await page.get_by_label("Reason").first.fill("Ill")
    await page.get_by_role("button", name="Enter the refund").click()
    await expect(page.get_by_text("Partly refunded").first).to_be_visible()
    await check(page, shots, "payment-refunded")
    await page.goto(campus.server.url + "/admin/payments/import")
    await page.get_by_label("or paste the lines here").fill(LIST)
    await page.get_by_role("button", name="Check the list").click()
    await expect(page.get_by_text("An amount in JPY has at most 0 decimal places.")).to_be_visible()
    await check(page, shots, "payments-import")
    await page.get_by_role("button", name="Import 2 payments").click()
    await expect(page.get_by_text("2 payments added, 1 line left out.")).to_be_visible()


async def test_recurring_payment_page(page: Page, campus: Campus, shots: Shots) -> None:
    payment = await campus.world.payment(
        kind="recurring", at=(campus.world.now() - timedelta(days=70)).isoformat(), email="ada@example.edu"
    )
    await signed_in(page.context, campus, "administrator")
    await page.goto(f"{campus.server.url}/admin/payments/{payment}")
    await page.get_by_label("What", exact=True).select_option("paused")
    await page.get_by_role("button", name="Enter it").click()
    await expect(page.get_by_text("Paused").first).to_be_visible()
    await check(page, shots, "payment-recurring")
