"""The generator: the same requests for the same seed, about every route, in every role."""

from litestar import Litestar

from server.core.web.openapi import described
from tests.integration.access.scene import routes
from tests.integration.garbage.draft import Draft
from tests.integration.garbage.generator import IDENTITIES, LEFT_OUT, Generator, operations


def drafts(app: Litestar, seed: str, count: int) -> list[Draft]:
    generator = Generator(seed, operations(routes(app), described(app)))
    ids = {name: ["known", "other"] for name in ("course_id", "lesson_id", "person_id", "new", "email")}
    return [generator.draft(number, ids) for number in range(count)]


def test_seed_decides(routes_only: Litestar) -> None:
    one, again, other = (
        [draft.wire() for draft in drafts(routes_only, seed, 300)] for seed in ("1", "1", "2")
    )
    assert one == again
    assert sum(a != b for a, b in zip(one, other, strict=True)) > 200


def test_every_route_and_role_is_reached(routes_only: Litestar) -> None:
    known = operations(routes(routes_only), described(routes_only))
    assert {draft.identity for draft in drafts(routes_only, "1", len(known))} == set(IDENTITIES)
    with_fields = {operation.path: set(operation.fields) for operation in known if operation.fields}
    assert with_fields["/api/courses/{course_id}/enrolments"] == {"emails"}
    assert len(known) == len(set(routes(routes_only)) - set(LEFT_OUT))


def test_request_as_a_line() -> None:
    draft = Draft(7, "learner by token", "POST", "/sign-in", "next=/", [(b"accept", b"a b")], b"email='\xff")
    assert draft.line("http://localhost") == (
        "curl -i -X POST -H 'accept: a b' --data-binary 'email='\"'\"'\\xff' 'http://localhost/sign-in?next=/'"
        "  # request 7, learner by token, body of 8 bytes"
    )


def test_request_in_bytes() -> None:
    draft = Draft(1, "anonymous", "POST", "/%00", headers=[(b"host", b"a")], body=b"1234", sent=2)
    assert draft.wire() == b"POST /%00 HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n12"
    assert not draft.is_http
    draft = Draft(1, "anonymous", "PUT", body=b"1234", chunked=True)
    assert draft.wire().endswith(b"transfer-encoding: chunked\r\n\r\n4\r\n1234\r\n0\r\n\r\n")
