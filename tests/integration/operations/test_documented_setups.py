"""Every set-up of docs/operations.md signs in, takes an upload, encodes and plays it, started as it is
written there and from a folder that is not the checkout. Containers are tried by hand.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.certificate import make_certificate
from tests.fixtures.clips import make_clip
from tests.fixtures.journey import first_day
from tests.fixtures.nginx import free_port, nginx
from tests.fixtures.objects import S3Server
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.queue import Valkey
from tests.integration.operations.documented import blocks, confined, machine, unit


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "lecture.mp4", seconds=4, size="160x90")


@pytest.mark.long
def test_one_machine(tmp_path: Path, tiny: Path) -> None:
    with machine(tmp_path, free_port()) as box:
        (command,) = blocks("One machine")["sh"]
        box.start(command)
        first_day(box.setup_link(), tiny)
        assert (box.folder / "lectures/skillstudio.db").exists()


@pytest.mark.long
def test_closed_network(tmp_path: Path, tiny: Path) -> None:
    with machine(tmp_path, free_port()) as box:
        (commands,) = blocks("Closed network, without a proxy")["sh"]
        box.start(commands)
        link = box.setup_link()
        assert link.startswith(f"http://127.0.0.2:{box.port}/")
        first_day(link, tiny)


@pytest.mark.long
def test_behind_nginx_with_a_certificate(tmp_path: Path, tiny: Path) -> None:
    certificate, public = make_certificate(tmp_path), free_port()
    with (
        machine(tmp_path, free_port(), public_port=str(public)) as box,
        nginx(tmp_path, public, f"http://127.0.0.1:{box.port}", certificate),
    ):
        (commands,) = blocks("Behind a reverse proxy with a certificate")["sh"]
        box.start(commands)
        first_day(box.setup_link(), tiny, certificate.trust())


@pytest.mark.long
def test_many_machines(
    tmp_path: Path, tiny: Path, postgres_server: PostgresServer, s3_server: S3Server, valkey: Valkey
) -> None:
    database = asyncio.run(postgres_server.new_database()).replace("+asyncpg", "")
    certificate, public = make_certificate(tmp_path), free_port()
    services = {
        "database": database,
        "queue": valkey.url,
        "store": s3_server.endpoint,
        "access_key": s3_server.access_key,
        "secret_key": s3_server.secret_key,
    }
    with (
        machine(tmp_path, free_port(), public_port=str(public), **services) as box,
        nginx(tmp_path, public, f"http://127.0.0.1:{box.port}", certificate),
    ):
        found = blocks("Many machines")
        (tmp_path / "skillstudio.env").write_text(box.here(found["ini"][0]))
        migrate, roles = found["sh"]
        box.finish(migrate)
        box.start(roles)
        first_day(box.setup_link(), tiny, certificate.trust())
        assert not (box.folder / "encoder/objects").exists(), "lectures are in the store"


@pytest.mark.long
def test_service_of_a_user_of_its_own(tmp_path: Path, tiny: Path) -> None:
    """The unit's command in its environment, under its restrictions on privileges, namespaces and memory."""
    service = unit()
    with machine(tmp_path, free_port()) as box:
        box.environment = {
            "PATH": os.defpath,
            "HOME": box.here("/var/lib/skillstudio"),
            "USER": service["User"][0],
            **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
            **dict(box.here(line).split("=", 1) for line in service["Environment"]),
            "SKILLSTUDIO_PORT": str(box.port),
            "SKILLSTUDIO_WORKERS": "1",
        }
        state = Path(box.here(service["WorkingDirectory"][0]))
        state.mkdir(mode=0o700)
        box.launch(confined(box.here(service["ExecStart"][0]).split()), cwd=state)
        first_day(box.setup_link(), tiny)
        assert (state / "skillstudio.db").exists()


WALL = """
import asyncio, sys
from pathlib import Path
from transcoder.ffmpeg import process
from transcoder.ffmpeg.process import Command, Limits, ProcessFailed
from transcoder.ffmpeg.tools import find_tools

def probe(path):
    command = Command((str(find_tools().ffprobe), "-v", "error", "-i", str(path)), "probe", reports=False)
    asyncio.run(process.run(command, Path.cwd(), Limits(seconds=20)))

probe(sys.argv[1])
"""


def test_media_tools_run_in_their_sandbox_under_the_unit(tmp_path: Path, tiny: Path) -> None:
    """Bubblewrap must not be missed: mounts are refused, as they are to the service."""
    work = tmp_path / "work"
    work.mkdir()
    argv = confined([sys.executable, "-c", WALL, str(tiny)])
    done = subprocess.run(argv, cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    mount = "import ctypes; print(ctypes.CDLL(None).unshare(0x20000), ctypes.CDLL(None).unshare(0x50000000))"
    tried = subprocess.run(
        confined([sys.executable, "-c", mount]), capture_output=True, text=True, check=True
    )
    assert tried.stdout.split()[0] == "-1", "the restrictions are in force"
