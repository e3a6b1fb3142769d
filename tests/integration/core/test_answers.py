"""Every response: security headers, compression, and errors in one format."""

import gzip
import re

import httpx
import pytest

from tests.fixtures.web import Account, MakeClient

METHODS = {"get", "post", "put", "patch", "delete"}
PAGES = ("/sign-in", "/api/docs", "/nothing-here")


@pytest.mark.parametrize("path", [*PAGES, "/api/openapi.json", "/api/nothing-here", "/health/live"])
async def test_security_headers(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"Accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in answer.headers  # plain http, on this machine


@pytest.mark.parametrize("path", PAGES)
async def test_pages_load_only_from_this_origin(client: httpx.AsyncClient, path: str) -> None:
    html = (await client.get(path, headers={"Accept": "text/html"})).text
    loaded = re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="([^"]+)"', html)
    assert loaded
    assert all(address.startswith("/static/") for address in loaded)
    assert not re.search(r'\son\w+="', html)
    assert not re.search(r"<script[^>]*>[^<]+</script>", html)


async def test_pages_of_a_signed_in_person_are_not_cached(learner: Account) -> None:
    assert (await learner.browser.get("/account")).headers["cache-control"] == "no-store"


async def test_text_is_compressed(client: httpx.AsyncClient) -> None:
    plain = await client.get("/sign-in", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    async with client.stream("GET", "/sign-in", headers={"Accept-Encoding": "gzip, br"}) as compressed:
        body = b"".join([part async for part in compressed.aiter_raw()])
    assert compressed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in compressed.headers["vary"].lower()
    assert "content-length" not in compressed.headers or int(compressed.headers["content-length"]) == len(
        body
    )
    assert gzip.decompress(body) == plain.content
    assert len(body) < len(plain.content) / 2


async def test_short_responses_and_errors_are_not_compressed(client: httpx.AsyncClient) -> None:
    for path in ("/health/live", "/api/nothing-here"):
        answer = await client.get(path, headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in answer.headers
        assert answer.json()


async def test_programs_get_problem_details(client: httpx.AsyncClient, learner: Account) -> None:
    answers = {
        401: await client.get("/api/me"),
        403: await learner.api.get("/api/people"),
        404: await learner.api.get("/api/courses/none"),
        405: await learner.api.put("/api/me"),
        400: await learner.api.patch("/api/me", content=b"{"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        details = answer.json()
        assert details["status"] == status
        assert details["title"]
        assert details["detail"].endswith(".")
    assert answers[401].headers["www-authenticate"] == "Bearer"
    wrong = (await learner.api.post("/api/me/tokens", json={"nmae": "x"})).json()
    assert wrong["status"] == 400
    assert wrong["fields"] == {"nmae": "There is no such field."}
    empty = (await learner.api.post("/api/me/tokens", json={})).json()
    assert empty["fields"] == {"name": "This field is missing."}
    nothing = (await learner.api.post("/api/me/tokens", headers={"content-type": "application/json"})).json()
    assert nothing["fields"] == {"data": "A JSON object is needed."}


async def test_browsers_get_error_pages(client: httpx.AsyncClient, learner: Account) -> None:
    missing = await client.get("/nothing-here", headers={"Accept": "text/html"})
    assert missing.status_code == 404
    assert "There is nothing at this address." in missing.text
    forbidden = await learner.browser.get("/admin/people")
    assert forbidden.status_code == 403
    assert learner.viewer.name in forbidden.text  # in the top bar: still signed in
    closed = await client.get("/account?x=1", headers={"Accept": "text/html"})
    assert (closed.status_code, closed.headers["location"]) == (303, "/sign-in?next=/account%3Fx%3D1")


async def test_internal_error_hides_its_cause(
    learner: Account, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_args: object) -> None:
        raise ZeroDivisionError("internal detail")

    monkeypatch.setattr("server.accounts.people.service.get", broken)
    answer = await learner.api.get("/api/me")
    assert answer.status_code == 500
    assert "internal detail" not in answer.text
    assert re.fullmatch(r"[0-9a-f]{8}", answer.json()["reference"])


async def test_openapi_document(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/openapi.json")
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    shapes = document["components"]["schemas"]
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', answer.text))
    assert references <= set(shapes)
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            assert "default" in item[method]["responses"], (method, path)
            assert "400" not in item[method]["responses"], (method, path)
    page = (await client.get("/api/docs")).text
    assert all(path in page for path in document["paths"])


@pytest.mark.parametrize("path", ["/nothing-here", "/api/nothing-here"])
async def test_unknown_address_is_told_in_german(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"Accept": "text/html", "Accept-Language": "de"})
    assert answer.status_code == 404
    assert "Unter dieser Adresse gibt es nichts." in answer.text


async def test_refused_request_of_another_site_is_told_in_german(client: httpx.AsyncClient) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Accept": "text/html", "Accept-Language": "de"}
    answer = await client.post("/sign-in", data={}, headers=foreign)
    assert answer.status_code == 403
    assert 'lang="de"' in answer.text
