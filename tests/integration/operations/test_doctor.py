"""`skillstudio doctor` and `migrate` as commands."""

from pathlib import Path

from tests.fixtures.product import MakeProduct


def test_a_machine_that_can_run_it(make_product: MakeProduct) -> None:
    product = make_product()
    told = product.command("doctor")
    assert told.returncode == 0, told.stdout
    for part in ("Python", "FFmpeg", "SQLite", "Disk", "Port", "Clock", "Database", "Queue", "Objects"):
        assert part in told.stdout
    assert "Valkey server" in told.stdout
    assert not product.data.exists(), "asking makes nothing"


def test_what_is_missing_is_told_with_a_way_out(make_product: MakeProduct) -> None:
    product = make_product(
        ffmpeg="/nowhere/ffmpeg",
        queue_url="redis://:hush@127.0.0.1:1",
        s3_endpoint="http://127.0.0.1:1",
        s3_access_key="key",
        s3_secret_key="hush",
    )
    told = product.command("doctor")
    assert told.returncode == 1
    assert "/nowhere/ffmpeg" in told.stdout
    assert "redis://127.0.0.1:1 does not answer" in told.stdout
    assert "SKILLSTUDIO_S3_ENDPOINT" in told.stdout
    assert "hush" not in told.stdout + told.stderr
    assert "Traceback" not in told.stderr


def test_migrate_is_safe_to_run_twice(make_product: MakeProduct) -> None:
    product = make_product()
    for _ in range(2):
        done = product.command("migrate")
        assert done.returncode == 0, done.stderr
    assert Path(product.data / "skillstudio.db").exists()
    assert "newest schema" in product.command("doctor").stdout
