"""Source files of the repository, parsed: names used, string constants."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PRODUCT = ("storage", "transcoder", "server", "web")
PYTHON = tuple(name for name in (*PRODUCT, "tools", "tests", "benchmarks") if (ROOT / name).is_dir())


class Place(NamedTuple):
    """File and line; `str()` gives `path:line`, as editors open it."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{name(self.path)}:{self.line}"


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def web_files(*suffixes: str) -> list[Path]:
    """Templates and static files, without what is built from them in static/built."""
    found = (path for path in (ROOT / "web").rglob("*") if path.suffix in suffixes)
    return sorted(path for path in found if not path.is_relative_to(ROOT / "web" / "static" / "built"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def names_used(path: Path) -> Iterator[tuple[str, Place]]:
    """Dotted names used in a file, with import aliases resolved: `os.environ`."""
    imported: dict[str, str] = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {item.asname or item.name: f"{node.module}.{item.name}" for item in node.names}
        elif isinstance(node, ast.Import):
            imported |= {item.asname: item.name for item in node.names if item.asname}
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.Attribute, ast.Name)):
            first, _, rest = ast.unparse(node).partition(".")
            yield imported.get(first, first) + (f".{rest}" if rest else ""), Place(path, node.lineno)


def texts(path: Path) -> Iterator[tuple[str, Place]]:
    """String constants, including parts of f-strings, without docstrings."""
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.value, Place(path, node.lineno)
