"""Commands `skillstudio doctor` and `skillstudio migrate`."""

import asyncio
import sys
from pathlib import Path

from server.operations import service_checks
from server.operations.findings import State
from server.settings import Settings
from tests.fixtures.product import MakeProduct
from tests.fixtures.server_process import Campus
from tests.fixtures.smtp import MailReceiver
from transcoder.ffmpeg.tools import Tools


def test_doctor_passes_on_this_machine(make_product: MakeProduct) -> None:
    product = make_product()
    result = product.command("doctor")
    assert result.returncode == 0, result.stdout
    for part in (
        "Python",
        "FFmpeg",
        "Sandbox",
        "SQLite",
        "Disk",
        "Port",
        "Clock",
        "Database",
        "Queue",
        "Objects",
    ):
        assert part in result.stdout
    assert "Valkey server" in result.stdout
    assert not product.data.exists(), "a check must create nothing"


def test_doctor_reports_missing_parts_with_remedies(make_product: MakeProduct) -> None:
    product = make_product(
        ffmpeg="/nowhere/ffmpeg",
        queue_url="redis://:hush@127.0.0.1:1",
        s3_endpoint="http://127.0.0.1:1",
        s3_access_key="key",
        s3_secret_key="hush",
    )
    result = product.command("doctor")
    assert result.returncode == 1
    assert "/nowhere/ffmpeg" in result.stdout
    assert "redis://127.0.0.1:1: The queue does not answer." in result.stdout
    assert "SKILLSTUDIO_S3_ENDPOINT" in result.stdout
    assert "hush" not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_ffmpeg_that_cannot_run_in_the_sandbox_is_reported(
    make_product: MakeProduct, tools: Tools, tmp_path: Path
) -> None:
    script = tmp_path / "ffmpeg"
    script.write_text(f'#!/bin/sh\n{tools.ffmpeg} "$@" | cat\n')
    script.chmod(0o755)
    result = make_product(ffmpeg=str(script)).command("doctor")
    assert result.returncode == 1
    assert "does not run in the sandbox" in result.stdout


def test_migrate_is_safe_to_run_twice(make_product: MakeProduct) -> None:
    product = make_product()
    for _ in range(2):
        result = product.command("migrate")
        assert result.returncode == 0, result.stderr
    assert Path(product.data / "skillstudio.db").exists()
    assert "newest schema" in product.command("doctor").stdout


async def test_doctor_beside_a_server_without_workers(campus: Campus) -> None:
    argv = (sys.executable, "-m", "server", "doctor")
    process = await asyncio.create_subprocess_exec(*argv, env=campus.server.environment, stdout=-1, stderr=-1)
    printed, errors = (stream.decode() for stream in await process.communicate())
    assert "a SkillStudio server already listens there" in printed
    assert "No worker takes jobs from the queue quick and transcode." in printed
    assert "Traceback" not in errors


async def test_doctor_signs_in_to_the_mail_server(mail_receiver: MailReceiver, tmp_path: Path) -> None:
    mail_receiver.password = "hush"
    address = f"127.0.0.1:{mail_receiver.port}"
    right = Settings(data=tmp_path, smtp_url=f"smtp://me:hush@{address}")
    assert (await service_checks.mail(right)).message == f"{address} accepts mails"
    wrong = await service_checks.mail(Settings(data=tmp_path, smtp_url=f"smtp://me:hushed@{address}"))
    assert wrong.state is State.MISSING
    assert "wrong password" in wrong.message
    assert "hush" not in wrong.message
    assert mail_receiver.deliveries == []
