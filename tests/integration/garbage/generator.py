"""Generator of hostile requests to every route, the same for the same seed.

Each starts from a request that the route would accept, and is broken in one or more ways.
"""

from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tests.integration.access.bodies import BODIES, PARAMETER, Body
from tests.integration.garbage import breaking, payloads
from tests.integration.garbage.draft import Draft

IDENTITIES = (
    "anonymous",
    *(f"{who} by {how}" for who in ("learner", "instructor", "administrator") for how in ("cookie", "token")),
)
EXTRA_FIELDS = {  # that a valid form of the access matrix leaves out
    "/settings": {"description": "", "version": "1"},
    "/lessons/{lesson_id}": {"description": "", "version": "1"},
    "/sign-in": {"next": "/"},
}
LISTS = ("/admin/people", "/api/people", "/teach/courses/{course_id}/people", "/dashboard", "/teach")
LIST_PARAMETERS = ("search", "sort", "role", "page", "offset", "limit", "filter", "next")
CSV = "/api/people/import"


class Operation(msgspec.Struct, frozen=True):
    method: str
    path: str  # with {parameters}
    fields: dict[str, Any]  # of its JSON body, with values of the documented types
    body: Body


class Generator:
    def __init__(self, seed: str, operations: list[Operation]) -> None:
        self._seed = seed
        self._operations = operations

    def draft(self, number: int, ids: dict[str, list[str]]) -> Draft:
        """Request `number` of this seed, about objects with these ids."""
        random = Random(f"{self._seed}/{number}")
        operation = self._operations[number % len(self._operations)]
        draft = Draft(number, random.choice(IDENTITIES), operation.method)
        chosen = {name: random.choice(values) for name, values in ids.items()}
        draft.path = PARAMETER.sub(lambda found: chosen.get(found[1], "x"), operation.path)
        draft.query = payloads.query(LIST_PARAMETERS, random) if _takes_query(operation, random) else ""
        filled = operation.body.filled(chosen)
        draft.headers = [(name.encode(), value.encode("latin-1")) for name, value in filled.headers.items()]
        draft.body = filled.content
        if operation.method not in ("GET", "HEAD"):
            _hostile_body(draft, operation, random)
        for breaks in _ways(random):
            breaks(draft, random)
        return draft


LEFT_OUT = ("GET /admin/maintenance", "POST /admin/maintenance")  # turned on, it refuses all that follow


def operations(routes: list[str], document: dict[str, Any]) -> list[Operation]:
    """Operations of the application: its routes, with the fields that its OpenAPI document names."""
    found = []
    for route in routes:
        if route in LEFT_OUT:
            continue
        method, _, path = route.partition(" ")
        item = document["paths"].get(path, {}).get(method.lower(), {})
        fields: dict[str, Any] = {}
        for content in item.get("requestBody", {}).get("content", {}).values():
            name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            properties = document["components"]["schemas"].get(name, {}).get("properties", {})
            fields = {field: _example(schema) for field, schema in properties.items()}
        found.append(Operation(method, path, fields, BODIES.get(route, Body())))
    return found


def _example(schema: dict[str, Any]) -> Any:
    kinds = schema.get("type", "string")
    examples = {"array": ["a@b.edu"], "integer": 1, "boolean": False, "string": "draft"}
    return examples.get(kinds if isinstance(kinds, str) else kinds[0], "learner")


def _takes_query(operation: Operation, random: Random) -> bool:
    return random.random() < (0.8 if operation.path in LISTS else 0.1)


def _hostile_body(draft: Draft, operation: Operation, random: Random) -> None:
    if random.random() < 0.12:
        return  # as valid as it is
    kind = operation.body.headers.get("content-type", "")
    if operation.path == CSV:
        draft.body = payloads.people_list(random)
    elif operation.fields or kind == "application/json":
        fields = {**operation.fields, **_valid_json(operation.body)}
        draft.body = payloads.json_body(fields, random)
        draft.set_header(b"content-type", b"application/json")
    elif "/upload/tus" in operation.path:
        breaking.upload(draft, random)
    else:
        _hostile_form(draft, operation, kind, random)


def _valid_json(body: Body) -> dict[str, Any]:
    return msgspec.json.decode(body.content) if body.content.startswith(b"{") else {}


def _hostile_form(draft: Draft, operation: Operation, kind: str, random: Random) -> None:
    fields = dict(parse_qsl(operation.body.content.decode("latin-1"), keep_blank_values=True))
    fields |= next((extra for end, extra in EXTRA_FIELDS.items() if operation.path.endswith(end)), {})
    if kind.startswith("multipart") or random.random() < 0.15:
        boundary = random.choice(("x", "----WebKitFormBoundaryA", "a" * 300, "ü", ""))
        draft.body = payloads.multipart_body(fields, boundary, random)
        draft.set_header(b"content-type", f'multipart/form-data; boundary="{boundary}"'.encode())
        return
    if "list" in fields and random.random() < 0.5:
        fields["list"] = payloads.people_list(random).decode("latin-1")[:300_000]
    draft.body = payloads.form_body(fields, random)
    draft.set_header(b"content-type", payloads.URL_ENCODED)


def _ways(random: Random) -> list[Callable[[Draft, Random], None]]:
    """Nothing more in half of the requests: their hostile body shall reach the handler."""
    return [] if random.random() < 0.5 else random.choices(breaking.WAYS, k=random.choice((1, 1, 2)))
