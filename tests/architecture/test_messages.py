"""Errors for people carry gettext keys and values: no f-string, and every text is in the catalogue."""

import ast
from collections.abc import Iterator

from tests.architecture.source import PRODUCT, Place, python_files, tree

BASES = {"MessageError"}
MESSAGES = {"Message", "message"}


def error_classes() -> set[str]:
    """Names of MessageError and of all that derive from it, wherever they are defined."""
    known = set(BASES)
    classes = [
        node
        for path in python_files(*PRODUCT)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    ]
    while (
        more := {
            node.name
            for node in classes
            if known & {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        }
        - known
    ):
        known |= more
    return known


def texts(call: ast.Call) -> Iterator[ast.expr]:
    """The message and the messages of its fields."""
    yield from call.args[:1]
    for keyword in call.keywords:
        if keyword.arg == "fields" and isinstance(keyword.value, ast.Dict):
            yield from keyword.value.values


def is_key(node: ast.expr) -> bool:
    """Whether a text is marked with N_, is a variable, or comes from a function that returns a message."""
    if isinstance(node, ast.Call):
        return True
    return not isinstance(node, (ast.Constant, ast.JoinedStr, ast.BinOp))


def test_every_error_text_is_a_catalogue_key() -> None:
    names = error_classes() | MESSAGES
    wrong = {
        f"{Place(path, node.lineno)}: {ast.unparse(text)[:60]}"
        for path in python_files(*PRODUCT)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in names
        for text in texts(node)
        if not is_key(text)
    }
    assert {place for place in wrong if not any(allowed in place for allowed in PASSES_THROUGH)} == set()


def test_no_key_is_an_f_string() -> None:
    """N_ and _ take literals: extraction cannot see what an f-string becomes."""
    wrong = {
        str(Place(path, node.lineno))
        for path in python_files(*PRODUCT)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("N_", "_", "gettext")
        and node.args
        and isinstance(node.args[0], (ast.JoinedStr, ast.BinOp))
    }
    assert wrong == set()


def test_classes_are_found() -> None:
    assert {"Problem", "Invalid", "TooLarge", "Unusable", "NotPossible", "Busy"} <= error_classes()


# Texts that come from elsewhere and have no key of ours.
PASSES_THROUGH = ("f'{text}.'",)
