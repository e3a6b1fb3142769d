"""OpenAPI document and reference page, without a CDN, from which Litestar's own pages load."""

from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.core.web.pages import page

METHODS = ("get", "post", "put", "patch", "delete")
MEDIA_TYPE = "application/vnd.oai.openapi+json"
STATE_KEY = "openapi_document"
PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do about it."},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
        "reference": {"type": "string", "description": "Id of this failure in the server's log."},
    },
}
REFUSED = {
    "description": "Refused",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Operation(msgspec.Struct, frozen=True):
    method: str
    path: str
    group: str
    summary: str
    parameters: list[tuple[str, str, str]]  # name, location, type
    body: str | None  # type
    answers: dict[str, str | None]  # status -> type


class Shape(msgspec.Struct, frozen=True):
    name: str
    fields: list[tuple[str, str, bool]]  # name, type, required


@get("/api/openapi.json", include_in_schema=False, sync_to_thread=False)
def document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The OpenAPI 3.1 document."""
    return Response(msgspec.json.encode(described(request.app)), media_type=MEDIA_TYPE)


@get("/api/docs", include_in_schema=False)
async def reference(request: Request[Any, Any, Any], maybe_viewer: NamedDependency[Any]) -> Template:
    """The reference page, one disclosure per operation."""
    schema = described(request.app)
    return page(
        request,
        "api.html",
        viewer=maybe_viewer,
        groups=grouped(operations(schema)),
        shapes=shapes(schema),
        version=schema["info"]["version"],
    )


def described(app: Litestar) -> dict[str, Any]:
    """Litestar's OpenAPI document with our summaries and error schema; cached in the application's state."""
    known: dict[str, Any] | None = app.state.get(STATE_KEY)
    if known is None:
        known = app.openapi_schema.to_schema()
        known["components"]["schemas"]["Problem"] = PROBLEM
        for item in known["paths"].values():
            for method in METHODS:
                if method in item:
                    _adapt(item[method])
        app.state[STATE_KEY] = known
    return known


def _adapt(operation: dict[str, Any]) -> None:
    operation["summary"] = operation.pop("description", "") or operation.get("summary", "")
    # Litestar's own error schema, which `server.core.web.exception_handlers` replaces.
    operation["responses"].pop("400", None)
    operation["responses"]["default"] = REFUSED


def operations(document: dict[str, Any]) -> list[Operation]:
    return [
        Operation(
            method=method.upper(),
            path=path,
            group=(item[method].get("tags") or ["Other"])[0],
            summary=item[method].get("summary", ""),
            parameters=[
                (given["name"], given["in"], kind(given.get("schema", {})))
                for given in item[method].get("parameters", [])
            ],
            body=_content(item[method].get("requestBody", {})),
            answers={status: _content(answer) for status, answer in item[method]["responses"].items()},
        )
        for path, item in sorted(document["paths"].items())
        for method in METHODS
        if method in item
    ]


def grouped(known: list[Operation]) -> dict[str, list[Operation]]:
    groups: dict[str, list[Operation]] = {}
    for operation in known:
        groups.setdefault(operation.group, []).append(operation)
    return dict(sorted(groups.items(), key=lambda item: (item[0] == "Other", item[0])))


def shapes(document: dict[str, Any]) -> list[Shape]:
    return [
        Shape(
            name,
            [
                (field, kind(schema), field in shape.get("required", ()))
                for field, schema in shape.get("properties", {}).items()
            ],
        )
        for name, shape in sorted(document["components"]["schemas"].items())
    ]


def kind(schema: dict[str, Any]) -> str:
    """Type of a schema in a few words: "string", "Person[]", "integer or null"."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return " or ".join(dict.fromkeys(kind(item) for item in schema[choice]))
    if "enum" in schema:
        return " or ".join(f"“{value}”" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"{kind(schema.get('items', {}))}[]"
    types = schema.get("type", "anything")
    return " or ".join(types) if isinstance(types, list) else str(types)


def _content(holder: dict[str, Any]) -> str | None:
    for content in holder.get("content", {}).values():
        if content.get("schema"):
            return kind(content["schema"])
    return None


def openapi_config(version: str) -> OpenAPIConfig:
    return OpenAPIConfig(
        title="SkillStudio",
        version=version,
        description="Bearer token of `skillstudio users token`, or the cookie of a signed-in browser.",
        path="/api/schema",  # Litestar requires a path of its own and answers everything below it
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin()],
        components=Components(
            security_schemes={"Bearer": SecurityScheme(type="http", scheme="bearer")},
        ),
        security=[{"Bearer": []}],
    )


ROUTES: list[ControllerRouterHandler] = [document, reference]
