"""Templates and static files: all used, all present, none loaded from other hosts."""

import ast
import re
from pathlib import Path

from tests.architecture.source import ROOT, Place, name, python_files, texts, tree, web_files

TEMPLATES = ROOT / "web" / "templates"
NAMESPACES = ("http://www.w3.org/",)  # XML namespaces, never fetched
TEMPLATE_NAME = re.compile(r"""(?:extends|include|import|from)\s+["']([^"']+)["']""")
ADDRESS = re.compile(r"""(?:https?:|wss?:)?//[a-z0-9][\w.-]*\.[a-z]{2,}[^\s"'`)<]*""", re.IGNORECASE)


def named_in_code() -> dict[str, Place]:
    files = python_files("server")
    return {text: place for path in files for text, place in texts(path) if text.endswith((".html", ".svg"))}


def named_in_templates() -> set[str]:
    return {found for path in web_files(".html", ".svg") for found in TEMPLATE_NAME.findall(path.read_text())}


def test_named_templates_exist() -> None:
    missing = {
        f"{template} ({place})"
        for template, place in named_in_code().items()
        if not (TEMPLATES / template).is_file()
    }
    assert missing == set()
    assert {template for template in named_in_templates() if not (TEMPLATES / template).is_file()} == set()


def test_templates_are_used() -> None:
    used = named_in_code().keys() | named_in_templates()
    assert {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.*")} - used == set()


def page_modules() -> list[Path]:
    files = python_files("server")
    return [path for path in files if path.stem == "pages" or path.parent.name == "pages"]


def test_page_routes_return_templates_or_redirects() -> None:
    """By the return types of GET handlers: no page is built from strings."""
    wrong = {
        f"{Place(path, node.lineno)} {node.name} -> {answer}"
        for path in page_modules()
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and any(re.match(r"get\b", ast.unparse(decorator)) for decorator in node.decorator_list)
        and not re.search(r"Template|Redirect|HtmxTemplate", answer := ast.unparse(node.returns or node))
    }
    assert wrong == set()


def test_pages_load_nothing_from_other_hosts() -> None:
    """No CDN, font service or analytics: the product works without internet."""
    external = {
        f"{name(path)}: {address}"
        for path in web_files(".html", ".svg", ".js", ".css", ".json", ".webmanifest")
        for address in ADDRESS.findall(path.read_text())
        if not address.startswith(NAMESPACES)
    }
    assert external == set()
