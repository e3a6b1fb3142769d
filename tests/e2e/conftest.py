"""Fixtures of the browser tests. `--screenshots docs/screenshots` updates those in the documentation."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from server.accounts.signing_in import sessions
from server.core.web.cookies import cookie_name
from tests.e2e.shots import Shots
from tests.e2e.uploading import SIZE, accept_dialog
from tests.fixtures.product import Product, started
from tests.fixtures.server_process import Campus


@pytest.fixture(scope="session")
def shared_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Product of all tests that play a lecture, which `prepare` makes anew for each."""
    yield from started(tmp_path_factory)


@pytest.fixture
def shots(pytestconfig: pytest.Config) -> Shots:
    folder: str | None = pytestconfig.getoption("--screenshots")
    return Shots(Path(folder) if folder else None)


@pytest.fixture
def lecture(tmp_path: Path) -> Path:
    path = tmp_path / "03_sorting-networks.mp4"
    path.write_bytes(os.urandom(SIZE))
    return path


@pytest.fixture
async def teacher(page: Page, campus: Campus) -> Page:
    """Page signed in as the teacher; `beforeunload` dialogs are accepted."""
    expect.set_options(timeout=20_000)
    async with campus.school.database.write() as session:
        secret = await sessions.start(
            session, campus.school.users["teacher"], replacing=None, now=campus.world.now()
        )
    name = cookie_name(campus.server.url)
    await page.context.add_cookies([{"name": name, "value": secret, "url": campus.server.url}])
    page.on("dialog", accept_dialog)
    return page
