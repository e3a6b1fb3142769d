"""CSRF protection of every unsafe route: requests of another site with a session cookie are refused."""

import httpx
import pytest
from litestar import Litestar

from server.core.web.cookies import cookie_name
from tests.fixtures.web import BASE_URL, PASSWORD, Account, MakeAccount, MakeClient
from tests.integration.access.asking import send_request
from tests.integration.access.bodies import BODIES, Body
from tests.integration.access.scene import make_scene, routes
from tests.world.builder import World

SIGNED = {"POST /api/video/upload/form"}  # its input is signed; the cookie is not used
FOREIGN = (
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": BASE_URL},
)


async def test_every_unsafe_route_refuses_other_sites(
    app: Litestar, world: World, make_account: MakeAccount
) -> None:
    scene = await make_scene(app, world, make_account)
    unsafe = [route for route in routes(app) if not route.startswith(("GET ", "HEAD "))]
    found = {}
    for route in unsafe:
        method, _, path = route.partition(" ")
        ids = await scene.ids(path)
        body = BODIES.get(route, Body()).filled(ids)
        cookie = await scene.cookie("administrator")
        path = path.format(**ids)
        answers = [
            await send_request(app, method, path, body.content, body.headers | cookie | foreign)
            for foreign in FOREIGN
        ]
        found[route] = {answer.status for answer in answers}
    assert {route: statuses for route, statuses in found.items() if statuses != {403}} == {
        route: {400} for route in SIGNED
    }


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Origin": BASE_URL}, 303),
        ({"Origin": "http://localhost:9000"}, 403),
        ({"Origin": BASE_URL.replace("http:", "https:")}, 403),
        ({"Origin": "null"}, 403),
        ({"Referer": BASE_URL}, 403),  # not trusted
        ({}, 403),
    ],
)
async def test_headers_that_prove_the_same_origin(
    learner: Account, make_client: MakeClient, headers: dict[str, str], status: int
) -> None:
    browser = await make_client(headers=headers, cookies={cookie_name(BASE_URL): learner.secret})
    answer = await browser.post("/account/name", data={"name": "Ada King"})
    assert answer.status_code == status


async def test_another_site_cannot_sign_a_visitor_in(learner: Account, make_client: MakeClient) -> None:
    credentials = {"email": learner.email, "password": PASSWORD}
    foreign = await make_client(headers={"Sec-Fetch-Site": "cross-site"})
    answer = await foreign.post("/sign-in", data=credentials)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_bearer_token_needs_no_origin(learner: Account, client: httpx.AsyncClient) -> None:
    answer = await learner.api.patch("/api/me", json={"name": "Ada King"})
    assert answer.status_code == 200
    bare = await client.patch("/api/me", json={"name": "Ada King"})
    assert bare.status_code == 401
