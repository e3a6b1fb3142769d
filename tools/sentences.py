"""The texts of the Python sources that readers see. Standard library only.

Found are the arguments of gettext and its relatives, and the sentences that a Problem carries:
written in the call itself, or as a constant or local name that the call names.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

MARKS = {"_", "gettext", "N_"}
PLURAL_MARK = "ngettext"
ERRORS = "server/core/errors.py"
CARRIERS = {"Unusable", "Form"}  # besides the classes of ERRORS

Message = str | tuple[str, str]  # or singular and plural


def messages(root: Path, packages: Iterable[str]) -> set[Message]:
    trees = [ast.parse(path.read_text()) for package in packages for path in (root / package).rglob("*.py")]
    errors = ast.parse((root / ERRORS).read_text())
    carriers = CARRIERS | {node.name for node in errors.body if isinstance(node, ast.ClassDef)}
    named = {name for tree in trees for call in _calls(tree, carriers) for name in _names(call)}
    return {message for tree in trees for message in _in_module(tree, carriers, named)} | set(_titles(errors))


def _in_module(tree: ast.Module, carriers: set[str], named: set[str]) -> Iterator[Message]:
    for call in _calls(tree, MARKS):
        yield from _texts(call.args[:1])
    for call in _calls(tree, {PLURAL_MARK}):
        if len(texts := _texts(call.args[:2])) == 2:
            yield texts[0], texts[1]
    for call in _calls(tree, carriers):
        yield from _texts(_sentences(call))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(ast.unparse(target) in named for target in node.targets):
            yield from _texts([node.value])


def _titles(errors: ast.Module) -> Iterator[str]:
    for node in ast.walk(errors):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "title":
            yield from _texts([node.value])


def _calls(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in names and node.args:
            yield node


def _sentences(call: ast.Call) -> list[ast.expr]:
    """The first argument, and the values of mappings from a field to what is wrong with it."""
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in ("fields", "errors"))]
    values = [value for argument in given if isinstance(argument, ast.Dict) for value in argument.values]
    return [call.args[0], *values]


def _names(call: ast.Call) -> Iterator[str]:
    for node in _sentences(call):
        if isinstance(node, (ast.Name, ast.Attribute)):
            yield ast.unparse(node).rpartition(".")[2]


def _texts(nodes: Iterable[ast.expr]) -> list[str]:
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
