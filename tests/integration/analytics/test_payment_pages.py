"""Pages, import and API of payments for administrators."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from server.core.text.csv_lines import BYTE_ORDER_MARK
from storage.database.engine import Database
from storage.database.tables import Payment
from tests.fixtures.web import Account
from tests.world.builder import World
from tests.world.clock import START

HERE, API = "/admin/payments", "/api/admin/payments"
TODAY = START.date().isoformat()


@pytest.fixture
def office(administrator: Account) -> httpx.AsyncClient:
    return administrator.browser


async def enter(office: httpx.AsyncClient, where: str = "new", **values: str) -> str:
    """Address of the payment that was entered."""
    typed = {"amount": "49,90", "currency": "EUR", "at": TODAY, "email": "", "course_id": "", "note": ""}
    made = await office.post(f"{HERE}/{where}", data={**typed, **values})
    assert made.status_code == 303, made.text
    return str(made.headers["location"])


async def test_one_off_payment_is_entered_refunded_and_found(office: httpx.AsyncClient, world: World) -> None:
    course = await world.course()
    values = {"email": "Payer@Example.edu", "course_id": course.id, "note": "Lab fee"}
    here = await enter(office, **values)
    refused = await office.post(f"{here}/refund", data={"amount": "60", "at": TODAY, "note": "Ill"})
    assert refused.status_code == 422
    assert "At most €49.90 of it" in refused.text
    unexplained = await office.post(f"{here}/refund", data={"amount": "9.90", "at": TODAY, "note": " "})
    assert "Write the reason." in unexplained.text
    await office.post(f"{here}/refund", data={"amount": "9.90", "at": TODAY, "note": "Ill"})
    shown = await office.get(here)
    assert "Partly refunded" in shown.text
    assert "Optics" in shown.text
    listed = await office.get(f"{HERE}?search=payer&currency=EUR&kind=one_off&first={TODAY}&last={TODAY}")
    assert "Lab fee" in listed.text
    assert "€49.90" in listed.text
    everything = await office.get(HERE)
    assert "€40.00" in everything.text  # paid less refunded
    assert "No payments found" in (await office.get(f"{HERE}?search=nobody")).text


async def test_audit_log_tells_the_amount_in_its_currency(office: httpx.AsyncClient) -> None:
    await enter(office, amount="10,005.00")
    here = await enter(office, "recurring", amount="12", currency="KWD", months="1", at=TODAY)
    await office.post(f"{here}/cancel", data={"note": "Moved"})
    told = re.findall(r'<span class="audit-data">(.*?)</span></th>', (await office.get("/admin/audit")).text)
    assert [re.sub(r"<.*?>", " ", one).split() for one in told] == [
        ["kind:", "Cancelled"],
        ["kind:", "Recurring", "payment", "amount:", "KWD12.000"],
        ["kind:", "One-off", "payment", "amount:", "€10,005.00"],
    ]


async def test_form_that_is_sent_twice_is_one_payment(office: httpx.AsyncClient) -> None:
    form = (await office.get(f"{HERE}/new")).text
    once = re.search(r'name="once" value="(\w+)"', form)
    assert once
    first, again = [await enter(office, once=once[1]) for _ in range(2)]
    assert first == again
    changed = {"amount": "5", "currency": "EUR", "at": TODAY, "once": once[1]}
    assert (await office.post(f"{HERE}/new", data=changed)).status_code == 409


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"amount": "much"}, "is not a number"),
        ({"amount": "1.234,505"}, "at most 2 decimal places"),
        ({"amount": "-5"}, "without a minus sign"),
        ({"amount": "0"}, "Write an amount above 0."),
        ({"amount": "10.005"}, "can be read as 10.005 or as 10005. Write 10005.00"),
        ({"currency": "EURO"}, "three letters"),
        ({"at": "tomorrow"}, "Write a date"),
        ({"at": (START + timedelta(days=1)).date().isoformat()}, "has not come yet"),
        ({"email": "nobody"}, "address"),
    ],
)
async def test_what_is_wrong_is_told_and_kept(
    office: httpx.AsyncClient, values: dict[str, str], sentence: str
) -> None:
    typed = {"amount": "10", "currency": "EUR", "at": TODAY, "note": "Kept text", **values}
    refused = await office.post(f"{HERE}/new", data=typed)
    assert refused.status_code == 422
    assert sentence in refused.text
    assert "Kept text" in refused.text


async def test_recurring_payment_and_what_happens_to_it(office: httpx.AsyncClient) -> None:
    here = await enter(office, "recurring", amount="120", months="12", at="2026-03-01", automatic="yes")
    shown = (await office.get(here)).text
    assert "€10.00" in shown  # a month
    assert "Payment of a period" in shown
    await office.post(f"{here}/change", data={"kind": "paused", "at": TODAY})
    listed = (await office.get(f"{HERE}?kind=recurring")).text
    assert "of which paused: €10.00" in listed
    unreadable = await office.post(f"{here}/change", data={"kind": "changed", "at": TODAY, "amount": ""})
    assert unreadable.status_code == 422
    await office.post(f"{here}/change", data={"kind": "changed", "at": TODAY, "amount": "240"})
    assert "€20.00" in (await office.get(here)).text
    await office.post(f"{here}/change", data={"kind": "free", "at": TODAY, "free_months": "2"})
    assert "Free month" in (await office.get(here)).text
    assert (await office.post(f"{here}/cancel", data={"note": ""})).status_code == 422
    await office.post(f"{here}/cancel", data={"note": "Moved"})
    assert "3/1/27" in (await office.get(here)).text or "Mar 1, 2027" in (await office.get(here)).text
    await office.post(f"{here}/void", data={"note": "Wrong person"})
    gone = (await office.get(here)).text
    assert "Taken back" in gone
    assert "/refund" not in gone
    assert "No payments" not in (await office.get(HERE)).text


LIST = (
    "Datum;Art;Betrag;Währung;E-Mail;Kurs;Referenz;Bezug;Notiz\r\n"
    "20.11.2026;;1.234,50;EUR;ada@example.edu;Optics;R-1;;Kurs\r\n"
    "2026-11-21;Erstattung;34.50;eur;;;B-1;R-1;=cmd()\r\n"
    "2026-11-21;;1250;JPY;;;;;\r\n"
    "2026-11-21;;1250;JPY;;;;;\r\n"
    "2026-11-21;;12,5;JPY;eve@example.edu;;R-2;;\r\n"
    "2026-11-21;;5;EUR;max@example.edu;Acoustics;R-3;;\r\n"
    "2026-11-21;Erstattung;1300;EUR;;;B-2;R-1;\r\n"
    "2026-11-21;;1,234;EUR;;;R-4;;\r\n"
)


async def test_list_is_previewed_imported_once_and_read_again_from_its_export(
    office: httpx.AsyncClient, world: World, database: Database
) -> None:
    await world.course()
    data = (BYTE_ORDER_MARK + LIST).encode()
    preview = await office.post(f"{HERE}/import", files={"file": ("payments.csv", data)})
    assert preview.status_code == 200
    for line, sentence in (
        (6, "An amount in JPY has at most 0 decimal places."),
        (7, "There is no such course."),
        (8, "At most €1,200.00 of it can be refunded."),
        (9, "can be read as 1.234 or as 1234."),
    ):
        assert re.search(rf"Line {line}</th>.*?{re.escape(sentence)}", preview.text, re.DOTALL)
    assert "eve@example.edu" in preview.text
    assert "€1,234.50" in preview.text
    assert "Import 4 payments" in preview.text
    assert "No payments yet" in (await office.get(HERE)).text
    confirmed = {"list": data.decode(), "confirmed": "yes"}
    await office.post(f"{HERE}/import", data=confirmed)
    assert "4 lines" in (await office.get(HERE)).text
    again = await office.post(f"{HERE}/import", data={"list": data.decode()})
    assert "Import 4 payments" not in again.text
    await office.post(f"{HERE}/import", data=confirmed)
    exported = await office.get(f"{HERE}.csv")
    assert exported.text.startswith(BYTE_ORDER_MARK)
    assert len(exported.text.splitlines()) == 5
    assert ",'=cmd()" in exported.text
    only = (await office.get(f"{HERE}.csv?currency=JPY")).text
    assert len(only.splitlines()) == 3
    read = await office.post(f"{HERE}/import", data={"list": exported.text})
    assert "What is wrong" not in read.text
    assert "Import" not in re.sub(r"(?s)<nav.*?</nav>|<title.*?</title>", "", read.text).replace(
        "Importing", ""
    ).replace("imported", "")


async def test_export_of_everything_is_read_again_without_a_difference(
    office: httpx.AsyncClient, administrator: Account
) -> None:
    here = await enter(office, "recurring", months="1", at="2026-09-05", automatic="yes", free_months="1")
    await office.post(f"{here}/change", data={"kind": "paused", "at": "2026-11-01"})
    await enter(office, amount="1.234", currency="KWD")
    mistake = await enter(office, note="-1+1")
    await office.post(f"{mistake}/void", data={"note": "Twice"})
    exported = (await office.get(f"{HERE}.csv")).text
    read = await office.post(f"{HERE}/import", data={"list": exported, "confirmed": "yes"})
    assert read.status_code == 303
    assert (await office.get(f"{HERE}.csv")).text == exported


async def test_preview_marks_lines_that_are_assigned_to_nobody(
    office: httpx.AsyncClient, learner: Account, database: Database
) -> None:
    """Also those below the lines that are shown as they were read."""
    lines = [f"2026-11-20;5;EUR;{learner.email};K-{number}" for number in range(30)]
    lines += ["2026-11-20;5;EUR;stranger@example.edu;S-1", "2026-11-20;5;EUR;;S-2"]
    data = "\n".join(("date;amount;currency;email;reference", *lines))
    preview = (await office.post(f"{HERE}/import", data={"list": data})).text
    told = preview.partition('id="unassigned-title"')[2].partition("</section>")[0]
    rows = [re.sub(r"<.*?>", " ", row).split() for row in told.split("<tr>")[2:]]
    assert [row[:5] for row in rows] == [
        ["Line", "32", "stranger@example.edu", "No", "account"],
        ["Line", "33", "–", "No", "payer"],
    ]
    assert "No account" not in preview.partition('id="new-title"')[2]  # their first 20 have one
    reversed_list = "\n".join(("date;amount;currency;email;reference", *lines[::-1]))
    preview = (await office.post(f"{HERE}/import", data={"list": reversed_list})).text
    assert "No account" in preview.partition('id="new-title"')[2]
    await office.post(f"{HERE}/import", data={"list": data, "confirmed": "yes"})
    async with database.read() as session:
        nobody = await session.scalars(select(Payment.external_id).where(Payment.user_id.is_(None)))
        assert sorted(nobody) == ["S-1", "S-2"]
    known = "\n".join(("date;amount;currency;email;reference", *lines[:3]))
    assert "unassigned-title" not in (await office.post(f"{HERE}/import", data={"list": known})).text


async def test_unusable_list_is_told_and_kept(office: httpx.AsyncClient) -> None:
    refused = await office.post(f"{HERE}/import", data={"list": "date;amount\n2026-11-21;5"})
    assert refused.status_code == 422
    assert "currency is missing" in refused.text
    assert "2026-11-21;5" in refused.text


async def test_billing_posts_with_a_token(
    administrator: Account, learner: Account, database: Database
) -> None:
    one = {"at": "2026-11-20T10:00:00Z", "amount": 4990, "currency": "EUR", "external_id": "R-1"}
    made = await administrator.api.post(API, json=one)
    assert made.status_code == 201
    assert made.json()["added"] == 1
    many = [one, {**one, "external_id": "S-1", "kind": "recurring", "months": 1}]
    again = await administrator.api.post(API, json=many)
    assert (again.json()["added"], again.json()["unchanged"]) == (1, 1)
    found = (await administrator.api.get(API, params={"kind": "recurring"})).json()
    assert [(row["amount"], row["standing"]) for row in found["payments"]] == [(4990, "active")]
    everything = (await administrator.api.get(API)).json()
    assert everything["totals"] == [
        {"currency": "EUR", "paid": 9980, "refunded": 0, "revenue": 9980, "count": 2}
    ]
    wrong = await administrator.api.post(API, json=[one, {**one, "external_id": "", "currency": "XXX"}])
    assert wrong.status_code == 400
    assert "Payment 2" in wrong.json()["detail"]
    assert (await administrator.api.post(API, json={**one, "amount": 1})).status_code == 409
    assert (await administrator.api.post(API, json={**one, "amount": "ten"})).status_code == 400
    assert (await learner.api.post(API, json=one)).status_code == 403
    async with database.read() as session:
        assert await session.get(Payment, made.json()["payments"][0]["id"])


async def test_list_has_pages(administrator: Account, office: httpx.AsyncClient) -> None:
    posted = [
        {"at": "2026-11-20", "amount": 100, "currency": "EUR", "external_id": f"R-{number}"}
        for number in range(51)
    ]
    await administrator.api.post(API, json=posted)
    first = (await office.get(HERE)).text
    assert "Page 1 of 2" in first
    assert "€51.00" in first
    assert (await office.get(f"{HERE}?page=2")).text.count(f'href="{HERE}/0') == 1
    assert (await office.get(f"{HERE}?page=99")).status_code == 200
    assert (await office.get(f"{HERE}/none")).status_code == 404


WRONG = {
    "first=2026-13-45": "“2026-13-45” is not a day. Write it as in 2026-11-30.",
    "last=abc": "“abc” is not a day. Write it as in 2026-11-30.",
    "last=20261130": "“20261130” is not a day. Write it as in 2026-11-30.",
    "first=2026-11-20&last=2026-11-19": "The last day is before the first: there is nothing between them.",
    "kind=x": "There is no “x” to choose here.",
    "currency=euros": "There is no “EUROS” to choose here.",
}


@pytest.mark.parametrize(("query", "sentence"), WRONG.items())
async def test_wrong_filters_are_told(
    administrator: Account, office: httpx.AsyncClient, query: str, sentence: str
) -> None:
    """Other rows than were asked for are never shown in silence, and a file of them is refused."""
    one = {"at": "2026-11-20", "amount": 100, "currency": "EUR", "external_id": "R-1"}
    assert (await administrator.api.post(API, json=one)).status_code == 201
    shown = await office.get(f"{HERE}?{query}")
    assert shown.status_code == 200
    name = query.rpartition("&")[2].partition("=")[0]
    assert sentence in shown.text.partition(f'id="filter-{name}-error"')[2].partition("</span>")[0]
    assert f'aria-describedby="filter-{name}-error"' in shown.text
    for answer in (await administrator.api.get(f"{API}?{query}"), await office.get(f"{HERE}.csv?{query}")):
        assert answer.status_code == 400
    refused = (await administrator.api.get(f"{API}?{query}")).json()
    assert (refused["detail"], refused["fields"]) == (sentence, {name: sentence})
