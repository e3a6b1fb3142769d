"""Size limits of files and functions. Lower the numbers when the code allows; never raise them."""

import ast
from collections import Counter

from tests.architecture.source import PYTHON, ROOT, Place, name, python_files, tree, web_files

FILE_LINES = 300
FUNCTION_LINES = 40
FOLDER_MODULES = 12
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "stuff"}
GENERATED = "storage/database/migrations/versions/"  # by Alembic, never edited afterwards


def test_files_are_short() -> None:
    files = [*python_files(*PYTHON), *web_files(".js", ".css", ".html")]
    long = {
        name(path): lines
        for path in files
        if not name(path).startswith(GENERATED) and (lines := len(path.read_text().splitlines())) > FILE_LINES
    }
    assert long == {}


def test_functions_are_short() -> None:
    long = {
        f"{Place(path, node.lineno)} {node.name}": lines
        for path in python_files(*PYTHON)
        if not name(path).startswith(GENERATED)
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    }
    assert long == {}


def test_folders_are_small() -> None:
    folders = Counter(
        path.parent
        for path in python_files("storage", "transcoder", "server")
        if path.stem != "__init__"
        and path.parent.name != "versions"  # migrations: one after the other, for ever
    )
    assert {name(folder): count for folder, count in folders.items() if count > FOLDER_MODULES} == {}


def test_file_names_are_not_vague() -> None:
    files = [*python_files(*PYTHON), *web_files(".js", ".css", ".html")]
    assert [name(path) for path in files if {*path.relative_to(ROOT).with_suffix("").parts} & VAGUE] == []
