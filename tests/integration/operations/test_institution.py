"""The institution's own page and API: what is saved, who sees it, and what is refused."""

import re
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select, update

from server.app import create_app
from server.operations.export.service import export
from storage.database.engine import Database
from storage.database.tables import Institution, LearningEvent, ObjectDeletion
from storage.objects import keys
from storage.objects.store import ObjectStore
from storage.states import FactKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import BASE_URL, Account, MakeClient, running
from tests.world.builder import World
from tests.world.clock import START

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'
TYPED = {
    "name": "Navy School",
    "time_zone": "Europe/Berlin",
    "day_start_hour": "4",
    "language": "de",
    "accent": "#7a1f5c",
    "accent_dark": "",
    "version": "1",
}
PAGE = "/admin/institution"


async def put_logo(account: Account, data: bytes = SVG, name: str = "logo.svg") -> httpx.Response:
    return await account.api.put("/api/institution/logo", files={"file": (name, data)})


@on_both_databases
async def test_page_saves_everything(administrator: Account, make_client: MakeClient) -> None:
    saved = await administrator.browser.post(PAGE, data=TYPED)
    assert (saved.status_code, saved.headers["location"]) == (303, PAGE)
    stored = (await administrator.api.get("/api/institution")).json()
    assert stored == {
        "name": "Navy School",
        "time_zone": "Europe/Berlin",
        "day_start_hour": 4,
        "language": "de",
        "accent": "#7a1f5c",
        "accent_dark": "",
        "logo_url": None,
        "version": 2,
    }
    anonymous = await make_client(headers={"Accept": "text/html"})
    page = await anonymous.get("/sign-in")
    assert "Navy School" in page.text
    assert 'href="/institution.css?v=2"' in page.text


@on_both_databases
async def test_later_save_over_an_earlier_one_is_asked_about(administrator: Account) -> None:
    typed = {**TYPED, "language": "en"}
    await administrator.browser.post(PAGE, data={**typed, "name": "First"})
    asked = await administrator.browser.post(PAGE, data={**typed, "name": "Second"})
    assert asked.status_code == 409
    assert "This was saved meanwhile" in asked.text
    assert 'value="Second"' in asked.text
    assert (await administrator.api.get("/api/institution")).json()["name"] == "First"
    late = await administrator.api.patch("/api/institution", json={"name": "Third", "version": 1})
    assert late.status_code == 409
    assert late.json()["conflicts"] == {"name": {"yours": "Third", "saved": "First"}}
    kept = await administrator.api.patch("/api/institution", json={"name": "Third", "version": 2})
    assert kept.json()["version"] == 3


async def test_unreadable_accent_is_refused_with_the_nearest(administrator: Account) -> None:
    refused = await administrator.api.patch("/api/institution", json={"accent": "#ffcc00"})
    assert refused.status_code == 400
    told = refused.json()["fields"]["accent"]
    nearest = re.findall("#[0-9a-f]{6}", told)[-1]
    taken = await administrator.api.patch("/api/institution", json={"accent": nearest})
    assert taken.status_code == 200
    page = await administrator.browser.post(PAGE, data={**TYPED, "accent": "#ffcc00", "version": "2"})
    assert page.status_code == 422
    assert 'value="#ffcc00"' in page.text
    assert 'value="Navy School"' in page.text


@pytest.mark.parametrize(
    "patch",
    [{"time_zone": "Berlin"}, {"day_start_hour": 24}, {"language": "tlh"}, {"name": ""}, {"accent": "red"}],
)
async def test_bad_value_is_refused_at_its_field(administrator: Account, patch: dict[str, object]) -> None:
    refused = await administrator.api.patch("/api/institution", json=patch)
    assert refused.status_code == 400
    assert set(refused.json()["fields"]) == set(patch)


async def test_days_that_are_over_keep_their_labels(
    administrator: Account, learner: Account, world: World, database: Database
) -> None:
    """START is 09:00 in UTC: before days begin at 10:00, it belongs to the day before."""
    await world.completed(await world.lesson(title="One"), learner)
    await administrator.api.patch("/api/institution", json={"day_start_hour": 10})
    await world.completed(await world.lesson(title="Two"), learner)
    fact = LearningEvent
    completed = select(fact.local_day).where(fact.kind == FactKind.LESSON_COMPLETED).order_by(fact.id)
    async with database.read() as session:
        assert list(await session.scalars(completed)) == ["2026-11-22", "2026-11-21"]


async def test_style_sheet_has_the_accent(administrator: Account, client: httpx.AsyncClient) -> None:
    assert (await client.get("/institution.css")).text == ""
    await administrator.api.patch("/api/institution", json={"accent": "#7a1f5c"})
    sheet = await client.get("/institution.css?v=2")
    assert sheet.headers["content-type"] == "text/css; charset=utf-8"
    assert "--accent: light-dark(#7a1f5c, #" in sheet.text
    assert "immutable" in sheet.headers["cache-control"]
    assert (await client.get("/institution.css?v=1")).headers["cache-control"] == "no-cache"
    known = {"if-none-match": sheet.headers["etag"]}
    assert (await client.get("/institution.css?v=2", headers=known)).status_code == 304
    page = await client.get("/sign-in")
    assert "style-src 'self';" in page.headers["content-security-policy"]


@on_both_databases
async def test_logo_is_shown_everywhere(
    administrator: Account, client: httpx.AsyncClient, folder_store: ObjectStore, database: Database
) -> None:
    address = (await put_logo(administrator)).json()["logo_url"]
    for path in ("/sign-in", "/api/docs"):
        assert f'src="{address}"' in (await client.get(path)).text
    sent = await client.get(address)
    assert (sent.content, sent.headers["content-type"]) == (SVG, "image/svg+xml")
    assert sent.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in sent.headers["content-security-policy"]
    another = (await put_logo(administrator, SVG + b"\n")).json()["logo_url"]
    assert (await client.get(address)).status_code == 404
    assert (await client.get(another)).status_code == 200
    old, new = (keys.logo(url.rpartition("/")[2]) for url in (address, another))
    async with database.read() as session:
        assert list(await session.scalars(select(ObjectDeletion.prefix))) == [old]
    assert await folder_store.stat(new) is not None
    for _ in range(2):
        assert (await administrator.api.delete("/api/institution/logo")).status_code == 204
    assert (await client.get(another)).status_code == 404


async def test_refused_logo_changes_nothing(
    administrator: Account, client: httpx.AsyncClient, folder_store: ObjectStore
) -> None:
    address = (await put_logo(administrator)).json()["logo_url"]
    script = SVG.replace(b"<path", b"<script>alert(1)</script><path")
    refused = await put_logo(administrator, script)
    assert refused.status_code == 400
    assert "plain SVG" in refused.json()["fields"]["file"]
    assert (await put_logo(administrator, bytes(600_000), "logo.png")).status_code == 413
    page = await administrator.browser.post(f"{PAGE}/logo", files={"file": ("logo.gif", b"GIF89a")})
    assert page.status_code == 422
    assert "PNG, WebP or SVG" in page.text
    assert (await client.get(address)).status_code == 200
    assert len([item async for item in folder_store.list(keys.INSTITUTION)]) == 1


async def test_default_language_is_for_browsers_that_ask_for_no_other(
    administrator: Account, make_client: MakeClient
) -> None:
    await administrator.api.patch("/api/institution", json={"language": "de"})
    for asked, shown in (("fr", "de"), ("", "de"), ("en", "en"), ("fr, en;q=0.5", "en"), ("de", "de")):
        client = await make_client(headers={"Accept": "text/html", "Accept-Language": asked})
        for path in ("/sign-in", "/nothing/here"):
            assert f'<html lang="{shown}"' in (await client.get(path)).text, (asked, path)


async def test_change_in_another_process_is_shown_soon(
    administrator: Account, app: Litestar, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = create_app(app.state.services, clock=app.state.clock)
    transport = httpx.ASGITransport(other)  # type: ignore[arg-type]
    async with running(other), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as later:
        assert "SkillStudio" in (await later.get("/api/docs")).text
        await administrator.api.patch("/api/institution", json={"name": "Navy School"})
        monkeypatch.setattr(other.state["institution_cache"], "_fresh_until", 0.0)
        assert "Navy School" in (await later.get("/api/docs")).text


async def test_learner_reads_and_changes_nothing(learner: Account, database: Database) -> None:
    async with database.write() as session:
        session.add(Institution(id=1, name="Navy School"))
    assert (await learner.api.get("/api/institution")).json()["name"] == "Navy School"
    assert (await learner.api.patch("/api/institution", json={"name": "Mine"})).status_code == 403
    assert (await put_logo(learner)).status_code == 403
    async with database.write() as session:
        await session.execute(update(Institution).values(name="Army School"))
    assert (await learner.api.get("/api/institution")).json()["name"] == "Army School"


async def test_export_has_the_logo(
    administrator: Account, database: Database, folder_store: ObjectStore, tmp_path: Path
) -> None:
    await put_logo(administrator)
    for name, with_media in (("all", True), ("rows", False)):
        out = tmp_path / name
        await export(
            database, folder_store, out, with_media=with_media, now=START, report=lambda _done, _all: None
        )
    assert (tmp_path / "all" / "logo.svg").read_bytes() == SVG
    assert not (tmp_path / "rows" / "logo.svg").exists()
