"""How large things may become. Lower the numbers when the code allows; never raise them."""

import ast

from tests.architecture.source import PYTHON, ROOT, Place, name, python_files, tree, web_files

FILE_LINES = 300
FUNCTION_LINES = 60
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "stuff"}
GROWN_WHOLE = "storage/database/migrations/versions/"  # written once by Alembic, never changed again


def test_no_file_is_too_long() -> None:
    files = [*python_files(*PYTHON), *web_files(".js", ".css", ".html")]
    long = {
        name(path): lines
        for path in files
        if not name(path).startswith(GROWN_WHOLE)
        and (lines := len(path.read_text().splitlines())) > FILE_LINES
    }
    assert long == {}


def test_no_function_is_too_long() -> None:
    long = {
        f"{Place(path, node.lineno)} {node.name}": lines
        for path in python_files(*PYTHON)
        if not name(path).startswith(GROWN_WHOLE)
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    }
    assert long == {}


def test_every_file_is_named_for_what_is_in_it() -> None:
    files = [*python_files(*PYTHON), *web_files(".js", ".css", ".html")]
    assert [name(path) for path in files if {*path.relative_to(ROOT).with_suffix("").parts} & VAGUE] == []
