"""Requests with far more of something than a person sends: refused before it costs time."""

import httpx
import pytest

from server.core.web.forms import MAX_FIELDS
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


async def test_multipart_form_of_many_fields_is_too_large(administrator: Account) -> None:
    part = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    refused = await administrator.browser.post(
        "/admin/people/import",
        content=(part * 3000 + "--x--\r\n").encode(),
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert refused.status_code == 413
    assert "too many or too long fields" in refused.text
