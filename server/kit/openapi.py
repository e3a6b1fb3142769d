"""The API's document and its page, from this server alone: Litestar's own pages load from a CDN."""

from typing import Any

import msgspec
from litestar import Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

METHODS = ("get", "post", "put", "patch", "delete")


class Operation(msgspec.Struct, frozen=True):
    method: str
    path: str
    summary: str
    description: str
    parameters: list[dict[str, Any]]
    body: str | None  # name of a schema
    answers: dict[str, str | None]  # status -> name of a schema


class ApiPage(OpenAPIRenderPlugin):
    """/api/docs: one section a path, plain HTML."""

    def __init__(self) -> None:
        super().__init__(path="/docs")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        engine = request.app.template_engine
        assert engine is not None  # noqa: S101 - the plugin for pages sets it
        text: str = engine.get_template("api.html").render(
            request=request,
            viewer=None,
            flashes=[],
            institution=request.app.state.get("institution_name") or "SkillStudio",
            path=request.url.path,
            operations=operations(openapi_schema),
            schemas=openapi_schema.get("components", {}).get("schemas", {}),
            version=openapi_schema["info"]["version"],
        )
        return text.encode()


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
        path="/api",
        use_handler_docstrings=True,
        render_plugins=[ApiPage(), JsonRenderPlugin(path="/openapi.json")],
        components=Components(
            security_schemes={"Bearer": SecurityScheme(type="http", scheme="bearer")},
        ),
        security=[{"Bearer": []}],
    )
