"""Starts while the objects that the database expects are missing: refused, and nothing is created."""

import re
import shutil
from pathlib import Path

import pytest

from server.operations.notices import looks
from server.processes.away import _away
from server.services import Services, open_services, services
from server.settings import Settings
from storage import expected
from storage.database.engine import Database
from storage.objects.open import StoreConfig, open_store
from storage.objects.store import BucketMissing, StoreLost
from storage.states import RevisionState
from tests.fixtures.database import on_both_databases
from tests.fixtures.objects import S3Server
from tests.fixtures.product import MakeProduct, Product
from tests.world.builder import World


async def add_video(database: Database, state: str) -> None:
    world = World(database)
    await world.video(await world.lesson(), state=state)


def bucket_of(server: S3Server, name: str) -> StoreConfig:
    return StoreConfig(
        folder=Path("/nowhere"),
        s3_endpoint=server.endpoint,
        s3_bucket=name,
        s3_access_key=server.access_key,
        s3_secret_key=server.secret_key,
    )


@on_both_databases
@pytest.mark.parametrize("state", [RevisionState.READY, RevisionState.WAITING])
async def test_missing_or_empty_folder_is_refused(
    database: Database, tmp_path: Path, state: RevisionState
) -> None:
    await add_video(database, state)
    folder = tmp_path / "objects"
    config = StoreConfig(folder=folder)
    with pytest.raises(StoreLost, match="Mount its disk"):
        await expected.require(database, config)
    assert not folder.exists(), "never a new, empty store"
    (folder / ".incoming").mkdir(parents=True)
    with pytest.raises(StoreLost, match="missing or empty"):
        await expected.require(database, config)
    await open_store(config).put_bytes("originals/l/u.mp4", b"x", "video/mp4")
    await expected.require(database, config)


@on_both_databases
async def test_first_start_and_database_without_objects_are_not_refused(
    database: Database, tmp_path: Path
) -> None:
    await expected.require(database, StoreConfig(folder=tmp_path / "objects"))
    await add_video(database, RevisionState.FAILED)  # of a file that was not kept
    await add_video(database, RevisionState.CANCELLED)
    await expected.require(database, StoreConfig(folder=tmp_path / "objects"))


async def test_missing_bucket_is_refused_and_not_created(database: Database, s3_server: S3Server) -> None:
    config = bucket_of(s3_server, "elsewhere")
    store = open_store(config, retries=0)
    await expected.require(database, config)
    await add_video(database, RevisionState.READY)
    with pytest.raises(StoreLost, match="there is no bucket elsewhere"):
        await expected.require(database, config)
    with pytest.raises(StoreLost):
        await expected.create_unless_expected(database, store, "elsewhere")
    with pytest.raises(BucketMissing):
        await store.check()
    await store.close()


async def test_missing_bucket_is_created_at_a_first_start(database: Database, s3_server: S3Server) -> None:
    store = open_store(bucket_of(s3_server, "first-start"))
    with pytest.raises(BucketMissing):
        await store.check()
    await expected.create_unless_expected(database, store, "first-start")
    await store.check()
    assert not await store.holds_objects()
    await store.close()


async def test_store_that_is_away_is_not_judged(database: Database) -> None:
    await add_video(database, RevisionState.READY)
    config = StoreConfig(
        folder=Path("/nowhere"), s3_endpoint="http://127.0.0.1:1", s3_access_key="k", s3_secret_key="s"
    )
    await expected.require(database, config)


async def test_new_database_beside_objects_is_told(database: Database, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url=database.url, queue_url="redis://127.0.0.1:1")
    async with services(settings) as opened:
        assert await _strange(opened) is False
        await opened.store.put_bytes("originals/l/u.mp4", b"x", "video/mp4")
        assert await _strange(opened) is True
        assert "objects" not in await _away(opened), "it is told, not refused"
        await add_video(database, RevisionState.READY)
        assert await _strange(opened) is False


async def _strange(opened: Services) -> bool | None:
    async with opened.database.read() as session:
        return (await looks._at_strangers(session, opened.store, works=True)).bad


@pytest.mark.long
async def test_up_refuses_and_starts_again_when_the_folder_is_back(make_product: MakeProduct) -> None:
    product: Product = make_product()
    product.start()
    settings = Settings(data=product.data, queue_url="redis://127.0.0.1:1")
    opened = open_services(settings)
    await add_video(opened.database, RevisionState.READY)
    await opened.store.put_bytes("originals/l/u.mp4", b"x", "video/mp4")
    await opened.close()
    assert product.stop() == 0
    away = product.data / "away"
    (product.data / "objects").rename(away)
    refused = product.command("up")
    assert refused.returncode != 0
    told = refused.stdout + refused.stderr
    assert re.search("missing or empty. Mount its disk", told), told
    assert "Traceback" not in told
    assert not (product.data / "objects").exists()
    shutil.rmtree(product.data / "objects", ignore_errors=True)
    away.rename(product.data / "objects")
    product.start()
