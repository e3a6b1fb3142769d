"""Files, commands, make targets and settings named in documents exist."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from server.cli import COMMANDS
from server.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")])
EXTERNAL = ("http://", "https://", "#", "mailto:")


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_linked_files_exist(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text())
    paths = [link.split("#")[0] for link in links if not link.startswith(EXTERNAL)]
    assert [link for link in paths if not (document.parent / link).exists()] == []


def test_commands_exist(document: Path) -> None:
    named = set(re.findall(r"\bskillstudio ([a-z]+)\b", document.read_text()))
    assert named <= set(COMMANDS)


def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`make ([a-z0-9-]+)", document.read_text()))
    assert named <= targets


def test_settings_exist(document: Path) -> None:
    known = {PREFIX + item.name.upper() for item in fields(Settings)}
    named = re.findall(rf"\b{PREFIX}[A-Z0-9_]*[A-Z0-9]\b", document.read_text())
    assert [name for name in named if not any(it.startswith(name) for it in known)] == []


def test_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if not re.search(rf"`(skillstudio )?{name}`", text)] == []
