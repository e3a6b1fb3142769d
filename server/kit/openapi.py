"""The API's document and its page, from this server alone: Litestar's own pages load from a CDN."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.kit.pages import page

METHODS = ("get", "post", "put", "patch", "delete")


class Operation(msgspec.Struct, frozen=True):
    method: str
    path: str
    summary: str
    description: str
    parameters: list[dict[str, Any]]
    body: str | None  # name of a schema
    answers: dict[str, str | None]  # status -> name of a schema


@get("/api/openapi.json", include_in_schema=False, sync_to_thread=False)
def document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The OpenAPI 3.1 document."""
    encoded = msgspec.json.encode(request.app.openapi_schema.to_schema())
    return Response(encoded, media_type="application/vnd.oai.openapi+json")


@get("/api/docs", include_in_schema=False)
async def reference(request: Request[Any, Any, Any], maybe_viewer: Any) -> Template:
    """The same for people, one section a call."""
    schema = request.app.openapi_schema.to_schema()
    return page(
        request,
        "api.html",
        viewer=maybe_viewer,
        operations=operations(schema),
        schemas=schema.get("components", {}).get("schemas", {}),
        version=schema["info"]["version"],
    )


def operations(document: dict[str, Any]) -> list[Operation]:
    return [
        Operation(
            method=method.upper(),
            path=path,
            summary=item[method].get("summary", ""),
            description=item[method].get("description", ""),
            parameters=item[method].get("parameters", []),
            body=_schema(item[method].get("requestBody", {})),
            answers={status: _schema(answer) for status, answer in item[method]["responses"].items()},
        )
        for path, item in sorted(document["paths"].items())
        for method in METHODS
        if method in item
    ]


def _schema(holder: dict[str, Any]) -> str | None:
    for content in holder.get("content", {}).values():
        schema = content.get("schema", {})
        reference = schema.get("$ref") or schema.get("items", {}).get("$ref")
        if reference:
            name = str(reference).rpartition("/")[2]
            return f"{name}[]" if schema.get("type") == "array" else name
    return None


def openapi_config(version: str) -> OpenAPIConfig:
    return OpenAPIConfig(
        title="SkillStudio",
        version=version,
        description="Bearer token of `skillstudio users token`, or the cookie of a signed-in browser.",
        path="/api/schema",  # Litestar insists on a place of its own, and answers every path below it
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin()],
        components=Components(
            security_schemes={"Bearer": SecurityScheme(type="http", scheme="bearer")},
        ),
        security=[{"Bearer": []}],
    )


ROUTES: list[ControllerRouterHandler] = [document, reference]
