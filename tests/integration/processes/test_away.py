"""Starts while the database, the queue or the object store is away, as after a power cut."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.fixtures.objects import S3Server
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.product import MakeProduct, Product, Role
from tests.fixtures.queue import Valkey

ERRORS = re.compile(r'^skillstudio_requests_total\{.*status="5xx"\} [^0]', re.MULTILINE)


class Absent:
    """Services of this machine at addresses where nothing answers until they come."""

    def __init__(self, folder: Path, postgres: PostgresServer, s3: S3Server) -> None:
        self.valkey = Valkey(folder / "valkey")
        self._postgres, self._s3 = postgres, s3
        self._door = folder / "postgres"  # the folder of its socket, once it has come
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self._listener: asyncio.Server | None = None
        self.settings: dict[str, object] = {
            "queue_url": self.valkey.url,
            "s3_endpoint": f"http://127.0.0.1:{self._port}",
            "s3_bucket": s3.bucket,
            "s3_access_key": s3.access_key,
            "s3_secret_key": s3.secret_key,
        }

    async def choose_database(self, *, migrated: bool) -> None:
        url = await self._postgres.new_database(migrated=migrated)
        address = url.replace("+asyncpg", "").replace(str(self._postgres.folder), str(self._door))
        self.settings["database_url"] = address

    def database_comes(self) -> None:
        self._door.symlink_to(self._postgres.folder)

    async def store_comes(self) -> None:
        self._listener = await asyncio.start_server(self._pass_on, "127.0.0.1", self._port)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        store = urlsplit(self._s3.endpoint)
        upstream, upward = await asyncio.open_connection(store.hostname, store.port)
        await asyncio.gather(_copy(reader, upward), _copy(upstream, writer))

    def close(self) -> None:
        self.valkey.kill()
        if self._listener:
            self._listener.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def absent(
    postgres_server: PostgresServer, s3_server: S3Server, tmp_path: Path
) -> AsyncIterator[Absent]:
    services = Absent(tmp_path, postgres_server, s3_server)
    yield services
    services.close()


async def until(product: Product, true: Callable[[], bool], seconds: float = 60) -> None:
    await asyncio.to_thread(product.wait_until, true, seconds)


def metrics(product: Product) -> str:
    connection = HTTPConnection("127.0.0.1", product.port, timeout=10)
    connection.request("GET", "/metrics")
    body = connection.getresponse().read().decode()
    connection.close()
    return body


@pytest.mark.long
async def test_up_names_what_is_away_and_goes_on_when_it_comes(
    absent: Absent, make_product: MakeProduct, role: Role
) -> None:
    await absent.choose_database(migrated=False)
    product = make_product(workers=1, **absent.settings)
    process = role(product, "up")
    await until(product, lambda: "Waiting for the database" in product.log.read_text())
    absent.database_comes()
    await until(product, lambda: "waiting for the queue and the object store" in product.log.read_text())
    assert await asyncio.to_thread(product.status, "/sign-in") == 200
    absent.valkey.start()
    await until(product, lambda: "waiting for the object store" in product.log.read_text())
    await absent.store_comes()
    await until(product, product.is_ready)
    await until(product, lambda: "Ctrl-C ends everything" in product.log.read_text())
    log = product.log.read_text()
    assert process.poll() is None
    assert "Traceback" not in log
    assert len(re.findall("waiting for", log, re.IGNORECASE)) == 3
    assert not ERRORS.search(metrics(product)), "own probes are no requests"


@pytest.mark.long
async def test_roles_name_what_is_away_and_go_on_when_it_comes(
    absent: Absent, make_product: MakeProduct, role: Role
) -> None:
    """Also with visitors meanwhile, the log stays small."""
    await absent.choose_database(migrated=True)
    machines = {
        name: make_product(workers=1, **absent.settings) for name in ("server", "worker", "scheduler")
    }
    processes = [role(product, name) for name, product in machines.items()]
    everything = "waiting for the database and the queue and the object store"
    for product in machines.values():
        await until(product, lambda log=product.log: everything in log.read_text())  # type: ignore[misc]
    server = machines["server"]
    for _ in range(50):
        assert await asyncio.to_thread(server.status, "/sign-in") == 503
    for product in machines.values():
        log = product.log.read_text()
        assert "Traceback" not in log
        warnings = [line for line in log.splitlines() if "GET /sign-in" not in line]
        assert len(warnings) <= 8, log
    absent.database_comes()
    absent.valkey.start()
    await absent.store_comes()
    await until(server, server.is_ready)
    assert [process.poll() for process in processes] == [None] * 3
