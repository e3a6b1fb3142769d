from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.operations.commands import settings_command
from server.settings import Settings, SettingsWrong, child_environment, load


def test_the_command_line_wins_over_the_environment_over_the_default() -> None:
    environment = {"SKILLSTUDIO_PORT": "8001", "SKILLSTUDIO_HOST": "0.0.0.0"}
    settings, origins = load(environment, port=8002)
    assert (settings.port, settings.host, settings.log_level) == (8002, "0.0.0.0", "info")
    assert (origins["port"], origins["host"], origins["log_level"]) == (
        "command line",
        "environment",
        "default",
    )


def test_a_wrong_number_is_a_sentence_that_names_the_variable() -> None:
    with pytest.raises(SettingsWrong, match=r"SKILLSTUDIO_PORT should be a whole number, not 'eighty'\."):
        load({"SKILLSTUDIO_PORT": "eighty"})


def test_a_child_loads_what_its_parent_has(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=8123, workers=3, s3_secret_key="s3cret")
    assert load(child_environment(settings))[0] == settings


def test_a_missing_queue_is_told_with_both_ways_out(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match=r"start `skillstudio up` .* SKILLSTUDIO_QUEUE_URL"):
        _ = Settings(data=tmp_path).queue


def test_secrets_are_masked() -> None:
    secret = {item.name for item in fields(Settings) if item.metadata["secret"]}
    assert secret == {"database_url", "queue_url", "s3_access_key", "s3_secret_key"}
    environment = {f"SKILLSTUDIO_{name.upper()}": "hush" for name in secret}
    printed = CliRunner().invoke(settings_command, ["--port", "8001"], env=environment).output
    assert "hush" not in printed
    assert "••••••" in printed
    assert any(line.split() == ["port", "8001", "command", "line"] for line in printed.splitlines())
