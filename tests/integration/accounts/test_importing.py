"""Import of a list of people on its page: looked at first, then imported, in short transactions."""

import asyncio
import html
import re
from time import monotonic
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from server.accounts.people import importing
from server.accounts.people import service as people
from storage.database.engine import Database
from storage.states import Role
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, MakeAccount
from tests.integration.pages.markup import faults

PAGE = "/admin/people/import"
LIST = "email;name;role\nemmy@example.edu;Emmy Noether;instructor\nlise@example.edu;Lise Meitner;learner\n"


async def confirm(browser: httpx.AsyncClient, preview: httpx.Response) -> httpx.Response:
    """Press *Import* on the preview."""
    assert preview.status_code == 200
    found = re.search(r'<textarea name="list" hidden>\n(.*?)</textarea>', preview.text, re.S)
    assert found
    fields = {"confirmed": "yes", "list": html.unescape(found[1])}
    return await browser.post(PAGE, files={name: (None, value) for name, value in fields.items()})


def shown(answer: httpx.Response) -> str:
    """Text of the page, without its markup."""
    assert faults(answer.text) == []
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@on_both_databases
@pytest.mark.parametrize("source", ["file", "paste"])
async def test_list_is_looked_at_and_imported(
    administrator: Account, database: Database, source: str
) -> None:
    body: dict[str, Any] = (
        {"files": {"file": ("people.csv", LIST.encode("utf-16"), "text/csv")}}
        if source == "file"
        else {"files": {"list": (None, LIST)}}
    )
    preview = await administrator.browser.post(PAGE, **body)
    assert "New 2 Changed 0 As before 0" in shown(preview)
    assert "Emmy Noether emmy@example.edu Instructor" in shown(preview)
    assert await people.by_email(database, "emmy@example.edu") is None
    assert (await confirm(administrator.browser, preview)).status_code == 303
    assert "2 people added." in (await administrator.browser.get("/admin/people")).text
    found = await people.by_email(database, "emmy@example.edu")
    assert found
    assert found.role == Role.INSTRUCTOR
    again = await administrator.browser.post(PAGE, **body)
    assert "New 0 Changed 0 As before 2" in shown(again)
    assert "Import 2 people" not in again.text
    assert (await confirm(administrator.browser, again)).status_code == 303
    assert "2 as before." in (await administrator.browser.get("/admin/people")).text


async def test_changes_are_shown_before_they_are_made(
    administrator: Account, make_account: MakeAccount
) -> None:
    await make_account("learner", "emmy@example.edu", "Emy Noether")
    lines = LIST + "eve@example.edu;Eve;administrator\n"
    told = shown(await administrator.browser.post(PAGE, data={"list": lines}))
    assert "New 2 Changed 1 As before 0" in told
    assert "emmy@example.edu Emy Noether, Learner Emmy Noether, Instructor" in told
    assert "New administrators, who may do everything: Eve" in told


async def test_faults_are_shown_by_line_person_and_value_with_the_list(
    administrator: Account, database: Database
) -> None:
    wrong = LIST + "not an address;Nobody;learner\nmax@example.edu;Max Planck;professor\n"
    answer = await administrator.browser.post(
        PAGE, files={"file": ("people.csv", wrong.encode(), "text/csv")}
    )
    assert answer.status_code == 422
    told = shown(answer)
    assert "2 lines are not right" in told
    address = "Write an email address such as ada@example.edu."
    assert f"Line 4 Nobody, not an address not an address {address}" in told
    assert "Line 5 Max Planck, max@example.edu professor Choose one of the roles" in told
    assert "max@example.edu;Max Planck;professor" in answer.text
    assert await people.by_email(database, "emmy@example.edu") is None


@on_both_databases
async def test_list_that_leaves_no_administrator_writes_nothing(
    administrator: Account, database: Database
) -> None:
    lines = f"{LIST}{administrator.email};Ada;learner\n"
    for fields in ({"list": lines}, {"list": lines, "confirmed": "yes"}):
        answer = await administrator.browser.post(PAGE, data=fields)
        assert answer.status_code == 409
        assert "At least one administrator must remain." in answer.text
    assert await people.by_email(database, "emmy@example.edu") is None
    # A new one without a password cannot sign in; one with a password may take over.
    for password, status in (("", 409), ("a very new sentence", 303)):
        heir = f"email,name,role,password\nheir@example.edu,Heir,administrator,{password}\n"
        fields = {"list": f"{heir}{administrator.email},Ada,learner,\n", "confirmed": "yes"}
        assert (await administrator.browser.post(PAGE, data=fields)).status_code == status


@on_both_databases
async def test_interrupted_import_is_run_again(
    administrator: Account, database: Database, held_clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"p{number}@example.edu,Person {number},learner\n" for number in range(30))
    data = f"email,name,role\n{rows}".encode()
    monkeypatch.setattr(importing, "IMPORTED_AT_ONCE", 10)
    pauses = 0

    async def killed(_seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 2:
            raise asyncio.CancelledError

    with monkeypatch.context() as dying:
        dying.setattr(asyncio, "sleep", killed)
        with pytest.raises(asyncio.CancelledError):
            await importing.import_csv(database, data, held_clock.now())
    imported = await importing.import_csv(database, data, held_clock.now())
    assert (imported.added, imported.unchanged) == (10, 20)


async def test_thousands_of_people_leave_the_writer_to_others(
    administrator: Account, database: Database, held_clock: HeldClock
) -> None:
    rows = "".join(f"p{number}@example.edu,Person {number},learner\n" for number in range(3_000))
    importing_all = asyncio.create_task(
        importing.import_csv(database, f"email,name,role\n{rows}".encode(), held_clock.now())
    )
    waits = []
    while not importing_all.done():
        started = monotonic()
        async with database.write() as session:
            await session.execute(text("SELECT 1"))  # the transaction begins here
            waits.append(monotonic() - started)
        await asyncio.sleep(0.02)
    assert (await importing_all).added == 3_000
    assert len(waits) >= 12  # one in each gap
    assert max(waits) < 1.5


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"name,role\nAda,learner\n", b'email,name,role\n"'])
async def test_unusable_list_is_refused(administrator: Account, data: bytes) -> None:
    answer = await administrator.browser.post(PAGE, files={"file": ("x.csv", data, "text/csv")})
    assert answer.status_code == 422


async def test_binary_file_is_not_shown_again(administrator: Account) -> None:
    data = b"\x00\xff\xfe" * 100_000
    answer = await administrator.browser.post(PAGE, files={"file": ("x.mp4", data, "video/mp4")})
    assert answer.status_code == 422
    assert "This is not a CSV file." in answer.text
    assert len(answer.text) < 50_000
