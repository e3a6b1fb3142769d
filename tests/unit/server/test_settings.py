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
    assert secret == {"database_url", "queue_url", "s3_access_key", "s3_secret_key"}
    environment = {f"SKILLSTUDIO_{name.upper()}": "hush" for name in secret}
    printed = CliRunner().invoke(settings_command, ["--port", "8001"], env=environment).output
    assert "hush" not in printed
    assert "••••••" in printed
    assert any(line.split() == ["port", "8001", "command", "line"] for line in printed.splitlines())
