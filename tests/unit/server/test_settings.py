"""Settings: sources, validation, and display without secrets."""

from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.processes.commands import settings_command
from server.settings import Settings, SettingsError, child_environment, load


def test_command_line_overrides_environment_overrides_default() -> None:
    environment = {"SKILLSTUDIO_PORT": "8001", "SKILLSTUDIO_HOST": "0.0.0.0"}
    settings, origins = load(environment, port=8002)
    assert (settings.port, settings.host, settings.log_level) == (8002, "0.0.0.0", "info")
    assert (origins["port"], origins["host"], origins["log_level"]) == (
        "command line",
        "environment",
        "default",
    )


def test_invalid_number_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"SKILLSTUDIO_PORT should be a whole number, not 'eighty'\."):
        load({"SKILLSTUDIO_PORT": "eighty"})


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("LOG_LEVEL", "loud", "should be debug, info, warning or error, not 'loud'"),
        ("LOG_FORMAT", "xml", "should be text or json, not 'xml'"),
        ("BASE_URL", "media.example.edu", "should be an address without a path"),
        ("BASE_URL", "https://", "should be an address without a path"),
        ("BASE_URL", "https://media.example.edu/lectures", "should be an address without a path"),
        ("BASE_URL", "http://[::1", "should be an address without a path"),
        ("BASE_URL", "http://media:eighty", "should be an address without a path"),
        ("PORT", "99999", "should be a number from 1 to 65535, not 99999"),
        ("PORT", "9" * 5000, "should be a whole number"),
        ("WORKERS", "-1", "should be a number from 0 to 256, not -1"),
        ("UPLOAD_DAYS", "0", "should be a number from 1 to 3650, not 0"),
        ("MAX_UPLOAD_BYTES", "-5", "should be a number of at least 1, not -5"),
        ("DATABASE_URL", "mysql://db/media", "should be an address such as postgresql://"),
        ("DATABASE_URL", "media", "should be an address such as postgresql://"),
        ("SMTP_URL", "mail.example.edu", "should be the address of a mail server"),
        ("SMTP_URL", "smtp://mail?tls", "should be the address of a mail server"),
        ("SMTP_URL", "smtp://me:s3cret@mail.example.edu", "would send its password unencrypted"),
        ("MAIL_FROM", "nobody", "should be an email address"),
        ("MAIL_FROM", "a@example.edu\nBcc: b@example.edu", "should be an email address"),
        ("WEBHOOK_URL", "ftp://chat/hook", "should be an address that begins with https://"),
        ("DISK_WARNING_BYTES", "-1", "should be a number of at least 0, not -1"),
        ("LANGUAGE", "xx", "should be en or de, not 'xx'"),
    ],
)
def test_invalid_value_is_refused(name: str, text: str, wanted: str) -> None:
    with pytest.raises(SettingsError, match=f"SKILLSTUDIO_{name} {wanted}"):
        load({f"SKILLSTUDIO_{name}": text})


@pytest.mark.parametrize(
    "address", ["https://media.example.edu", "http://localhost:8000/", "http://[::1]:8000"]
)
def test_address_is_kept_as_written(address: str) -> None:
    assert load({"SKILLSTUDIO_BASE_URL": address})[0].base_url == address


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_addresses_of_postgresql_in_every_spelling(scheme: str) -> None:
    settings, _ = load({"SKILLSTUDIO_DATABASE_URL": f"{scheme}://media:s3cret@db/media"})
    assert settings.database == "postgresql+asyncpg://media:s3cret@db/media"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "SKILLSTUDIO_DATABSE_URL",
            "There is no setting SKILLSTUDIO_DATABSE_URL. Did you mean SKILLSTUDIO_DATABASE_URL?",
        ),
        ("SKILLSTUDIO_COLOUR", "There is no setting SKILLSTUDIO_COLOUR. `skillstudio settings` lists them."),
    ],
)
def test_unknown_name_is_refused(name: str, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({name: "x"})
    assert str(refused.value) == told


def test_paths_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoders work in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    for settings, _ in (load({}, data=Path("m1")), load({"SKILLSTUDIO_DATA": "m1"})):
        assert settings.data == settings.scratch_folder.parent == tmp_path / "m1"
    assert load({})[0].data == tmp_path / "data"


def test_log_level_is_case_insensitive() -> None:
    assert load({"SKILLSTUDIO_LOG_LEVEL": "WARNING"})[0].log_level == "warning"


def test_child_process_loads_the_same_settings(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=8123, workers=3, s3_secret_key="s3cret")
    assert load(child_environment(settings))[0] == settings


def test_missing_queue_is_reported_with_both_solutions(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"start `skillstudio up` .* SKILLSTUDIO_QUEUE_URL"):
        _ = Settings(data=tmp_path).queue


def test_secrets_are_masked() -> None:
    secret = {item.name for item in fields(Settings) if item.metadata["secret"]}
    assert secret == {
        "database_url",
        "queue_url",
        "s3_access_key",
        "s3_secret_key",
        "smtp_url",
        "webhook_url",
        "webhook_secret",
    }
    environment = {f"SKILLSTUDIO_{name.upper()}": "hush" for name in secret}
    environment["SKILLSTUDIO_DATABASE_URL"] = "postgresql://media:hush@db/media"
    environment["SKILLSTUDIO_SMTP_URL"] = "smtps://media:hush@mail"
    environment["SKILLSTUDIO_MAIL_FROM"] = "media@example.edu"
    environment["SKILLSTUDIO_WEBHOOK_URL"] = "https://chat/hooks/hush"
    printed = CliRunner().invoke(settings_command, ["--port", "8001"], env=environment).output
    assert "hush" not in printed
    assert "••••••" in printed
    assert any(line.split() == ["port", "8001", "command", "line"] for line in printed.splitlines())
