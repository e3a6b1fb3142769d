"""Generated documents and lock files are current and name no host or local path."""

import re

import pytest

from server.cli import COMMANDS
from server.operations.reference import settings_markdown
from tests.architecture.source import PRODUCT, ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock", "package-lock.json")
FUNDING = re.compile(r'"funding": (\{[^}]*\}|\[[^]]*\])|"license": "[^"]*"')


def test_settings_page_is_current() -> None:
    written = (ROOT / "docs" / "settings.md").read_text()
    assert written == settings_markdown(), "run: skillstudio settings --markdown > docs/settings.md"


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_files_name_no_host(lock: str) -> None:
    text = FUNDING.sub("", (ROOT / lock).read_text())
    assert re.findall(r"\w+://\S+", text) == []


@pytest.mark.parametrize("lock", [lock for lock in LOCKS if lock.endswith(".lock")])
def test_locked_python_packages_have_hashes(lock: str) -> None:
    packages = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text().strip())
    assert [package.partition(" ")[0] for package in packages if "--hash=sha256:" not in package] == []


def test_command_targets_exist() -> None:
    missing = {
        target
        for target in COMMANDS.values()
        if not (ROOT / (target.partition(":")[0].replace(".", "/") + ".py")).is_file()
    }
    assert missing == set()


@pytest.mark.parametrize("package", PRODUCT)
def test_package_readmes_have_a_decision_table(package: str) -> None:
    text = (ROOT / package / "README.md").read_text().lower()
    assert re.search(r"\| *decided *\| *because *\| *instead of *\|", text)


def test_no_file_names_a_local_path() -> None:
    files = [path for folder in (*PRODUCT, "docs", "tests") for path in (ROOT / folder).rglob("*")]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.name != "uv.lock"]
    found = [
        f"{path.relative_to(ROOT)}: {match}"
        for path in files
        if path.name != ".git"  # the pointer file of a git worktree
        and path.suffix in {".py", ".md", ".toml", ".lock", ".json", ".html", ".js", ".css", ".yaml", ""}
        and path.is_file()
        and "built" not in path.parts
        for match in re.findall(r"(?<![\w.])/(?:work|home|root|Users)/\w+", path.read_text(errors="replace"))
    ]
    assert found == []
