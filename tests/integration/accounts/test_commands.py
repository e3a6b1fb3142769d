"""Command `skillstudio users` as a process, with the database open in another one."""

import subprocess
import sys
from pathlib import Path

import pytest

from server.accounts.people import service as people
from server.accounts.schemas import NewPerson
from server.accounts.signing_in import invitations, service, tokens
from server.core.clock import SystemClock
from server.core.errors import Problem
from storage.database import migrations
from storage.database.engine import Database
from storage.states import Role


@pytest.fixture
async def installed(tmp_path: Path) -> Database:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'skillstudio.db'}")
    await migrations.upgrade(database)
    return database


def users(data: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server", "users", *arguments, "--data", str(data)],
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def can_sign_in(database: Database, email: str, password: str) -> bool:
    try:
        await service.sign_in(
            database,
            email=email,
            password=password,
            source="127.0.0.1",
            previous=None,
            now=SystemClock().now(),
        )
    except Problem:
        return False
    return True


async def test_add_change_password_and_create_token(installed: Database, tmp_path: Path) -> None:
    who = ("grace@example.edu", "--role", "administrator", "--name", "Grace Hopper", "--password-stdin")
    added = users(tmp_path, "add", *who, typed="correct horse battery\n")
    assert (added.returncode, added.stderr) == (0, "")
    assert await can_sign_in(installed, "grace@example.edu", "correct horse battery")

    again = users(tmp_path, "add", *who, typed="another good password\n")
    assert (again.returncode, again.stderr) == (1, "Error: There is already an account with this address.\n")
    assert await can_sign_in(installed, "grace@example.edu", "correct horse battery")

    forgotten = users(
        tmp_path, "password", "grace@example.edu", "--password-stdin", typed="an entirely new one\n"
    )
    assert forgotten.returncode == 0
    assert await can_sign_in(installed, "grace@example.edu", "an entirely new one")

    printed = users(tmp_path, "token", "Grace@example.edu").stdout
    viewer = await tokens.viewer_of(installed, printed.strip(), SystemClock().now())
    assert viewer
    assert viewer.is_administrator
    await installed.close()


async def test_disable_enable_and_link(installed: Database, tmp_path: Path) -> None:
    email, secret = "grace@example.edu", "correct horse battery"
    options = ("--role", "learner", "--name", "Grace Hopper", "--password-stdin")
    users(tmp_path, "add", email, *options, typed=f"{secret}\n")
    assert users(tmp_path, "disable", email).stdout == f"{email} is signed out and cannot sign in.\n"
    assert not await can_sign_in(installed, email, secret)
    assert "disabled" in users(tmp_path, "link", email).stderr
    assert users(tmp_path, "enable", email).stdout == f"{email} may sign in again.\n"
    assert await can_sign_in(installed, email, secret)
    link = users(tmp_path, "link", email).stdout.strip()
    assert link.startswith("http://localhost:8000/invite/")
    invited = await invitations.find(installed, link.rpartition("/")[2], SystemClock().now())
    assert (invited.name, invited.email) == ("Grace Hopper", email)
    await installed.close()


async def test_import_from_a_file(installed: Database, tmp_path: Path) -> None:
    lines = tmp_path / "people.csv"
    lines.write_text("email,name,role\nemmy@example.edu,Emmy Noether,professor\n")
    wrong = users(tmp_path, "import", str(lines))
    assert wrong.returncode == 1
    fault = f"{lines}:2: Emmy Noether, emmy@example.edu: 'professor' Choose one of the roles"
    assert fault in wrong.stderr
    assert fault in users(tmp_path, "import", "--dry-run", str(lines)).stderr
    lines.write_text("email,name,role\nemmy@example.edu,Emmy Noether,instructor\n")
    dry = users(tmp_path, "import", "--dry-run", str(lines)).stdout
    assert dry == "1 would be added, 0 changed, 0 as before. Nothing was imported.\n"
    assert await people.by_email(installed, "emmy@example.edu") is None
    outputs = [users(tmp_path, "import", str(lines)).stdout for _ in range(2)]
    assert outputs == ["1 added, 0 changed, 0 as before.\n", "0 added, 0 changed, 1 as before.\n"]
    person = await people.by_email(installed, "emmy@example.edu")
    assert person
    assert person.role == Role.INSTRUCTOR
    lines.write_text("email,name,role\nemmy@example.edu,Emmy Noether,learner\n")
    changed = users(tmp_path, "import", "--dry-run", str(lines)).stdout
    assert changed.startswith("emmy@example.edu: Emmy Noether, instructor → Emmy Noether, learner\n")
    await installed.close()


async def test_list_is_searched_and_filtered(installed: Database, tmp_path: Path) -> None:
    for who, role in (("emmy", "instructor"), ("ada", "learner")):
        new = NewPerson(f"{who}@example.edu", who.title(), role, None)
        await people.add(installed, new, SystemClock().now())
    everybody = users(tmp_path, "list").stdout
    assert everybody == (
        "ada@example.edu\tlearner\tAda\tno password\nemmy@example.edu\tinstructor\tEmmy\tno password\n"
    )
    assert users(tmp_path, "list", "EMM").stdout.startswith("emmy@")
    assert users(tmp_path, "list", "EXAMPLE.edu Émmy").stdout.startswith("emmy@")
    assert users(tmp_path, "list", "--role", "learner").stdout.startswith("ada@")
    await installed.close()


def test_missing_data_folder_is_not_created(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    refused = users(folder, "token", "grace@example.edu")
    assert refused.returncode == 1
    assert "There is no SkillStudio in the folder" in refused.stderr
    assert not folder.exists()


async def test_token_of_an_unknown_person_is_refused(installed: Database, tmp_path: Path) -> None:
    refused = users(tmp_path, "token", "nobody@example.edu")
    assert (refused.returncode, refused.stdout) == (1, "")
    await installed.close()
