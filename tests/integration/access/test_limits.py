"""Requests with far more of something than a person sends: refused before it costs time."""

import threading

import httpx
import pytest
from litestar import Litestar

from server.accounts.people import people_csv
from server.analytics.payments.schemas import MOST_POSTED
from server.core.web.forms import MAX_FIELDS
from server.core.web.openapi import METHODS, described
from server.gamification.changes.rules import MOST_DAYS_OFF
from tests.fixtures.web import Account

FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}


@pytest.mark.parametrize("path", ["/sign-in", "/setup/none"])
async def test_form_of_many_fields_is_not_parsed(client: httpx.AsyncClient, path: str) -> None:
    refused = await client.post(path, content=b"a&" * MAX_FIELDS, headers=FORM)
    assert refused.status_code == 413
    taken = await client.post(path, content=b"a=1&" * (MAX_FIELDS - 1), headers=FORM)
    assert taken.status_code in (410, 422)


@pytest.mark.parametrize("marks", ["\u0301\u0316", "\u0316\u0301"])
async def test_password_and_address_of_many_marks(client: httpx.AsyncClient, marks: str) -> None:
    """Neither is normalised; see test_normalize."""
    text = "a" + marks * 25_000
    for email, password in (("ada@example.edu", text), (f"{text}@example.edu", "correct horse")):
        answer = await client.post("/sign-in", data={"email": email, "password": password})
        assert answer.status_code == 422
        assert "is not right" in answer.text


def test_lists_in_every_body_have_an_end(routes_only: Litestar) -> None:
    document = described(routes_only)
    schemas = [
        (path, one)
        for path, item in document["paths"].items()
        for method in METHODS
        for content in item.get(method, {}).get("requestBody", {}).get("content", {}).values()
        for one in content["schema"].get("oneOf", [content["schema"]])
    ]
    bodies = [one["$ref"].rpartition("/")[2] for _, one in schemas if "$ref" in one]
    whole = {path for path, one in schemas if one.get("type") == "array"}
    lists = {
        f"{body}.{name}": schema.get("maxItems", 0)
        for body in bodies
        for name, schema in document["components"]["schemas"][body]["properties"].items()
        if schema.get("type") == "array"
    }
    days = {f"CalendarChange.{name}": MOST_DAYS_OFF for name in ("add", "remove")}
    assert whole == {"/api/admin/payments"}  # whose limit the framework leaves out of the document
    assert lists == {"Emails.emails": 5_000, "LessonOrder.lesson_ids": 5_000, **days}


async def test_list_that_is_too_long_is_refused_with_a_sentence(instructor: Account) -> None:
    emails = [f"{number}@x" for number in range(150_000)]  # less than 2 MB
    answer = await instructor.api.post("/api/courses/none/enrolments", json={"emails": emails})
    assert answer.status_code == 400
    assert answer.json()["fields"] == {"emails": "The list has more than 5,000 entries. Split it."}


async def test_too_many_payments_at_once_are_refused(administrator: Account) -> None:
    one = {"at": "2026-11-22", "amount": 100, "currency": "EUR"}
    answer = await administrator.api.post("/api/admin/payments", json=[one] * (MOST_POSTED + 1))
    assert answer.status_code == 400


async def test_rest_of_a_long_search_is_ignored(administrator: Account) -> None:
    found = await administrator.api.get("/api/people", params={"search": "lovelace" + " " * 200 + "nobody"})
    assert [person["email"] for person in found.json()] == [administrator.email]


async def test_list_of_people_is_read_beside_the_event_loop(
    administrator: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20,000 lines with faults take a second."""
    threads, read = [], people_csv.read

    def reads(data: bytes) -> people_csv.PeopleList:
        threads.append(threading.current_thread())
        return read(data)

    monkeypatch.setattr(people_csv, "read", reads)
    await administrator.api.post("/api/people/import", content="email,name,role\na@b.edu,Ada,learner")
    assert threads
    assert threading.main_thread() not in threads


async def test_multipart_form_of_many_fields_is_too_large(administrator: Account) -> None:
    part = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    refused = await administrator.browser.post(
        "/admin/people/import",
        content=(part * 3000 + "--x--\r\n").encode(),
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert refused.status_code == 413
    assert "too many or too long fields" in refused.text
