"""Rows of people and courses are made by tests/world, so that a new column is filled in one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import Place, name, python_files, tree

TABLES = "storage.database.tables"
MADE_BY_THE_WORLD = {"Course", "Lesson", "Enrolment", "User"}


def may_construct_rows(path: Path) -> bool:
    """In tests/world, and in tests of the tables themselves: tests/**/storage."""
    folders = name(path).split("/")[:-1]
    return folders[:2] == ["tests", "world"] or "storage" in folders


def constructed(path: Path) -> Iterator[tuple[str, Place]]:
    """Rows of these tables that a file constructs."""
    imported = {
        item.asname or item.name: item.name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == TABLES
        for item in node.names
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            table = imported.get(ast.unparse(node.func), "")
            if table in MADE_BY_THE_WORLD:
                yield table, Place(path, node.lineno)


def test_rows_are_made_by_the_world() -> None:
    files = [path for path in python_files("tests", "benchmarks") if not may_construct_rows(path)]
    assert [f"{place} {table}" for path in files for table, place in constructed(path)] == []


def test_construction_is_found() -> None:
    (catalogue,) = [path for path in python_files("tests") if name(path) == "tests/world/catalogue.py"]
    assert {table for table, _ in constructed(catalogue)} == {"Course", "Lesson"}
