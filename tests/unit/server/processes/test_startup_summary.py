from pathlib import Path

import pytest

from server.processes.startup_summary import show_table
from server.settings import Settings, without_password


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://:secret@queue:6379/0", "redis://queue:6379/0"),
        ("unix://:secret@/data/run/valkey.sock", "unix:///data/run/valkey.sock"),
        ("postgresql+asyncpg://media:secret@db/media", "postgresql+asyncpg://db/media"),
        ("sqlite+aiosqlite:////data/skillstudio.db", "sqlite+aiosqlite:////data/skillstudio.db"),
        ("redis://queue", "redis://queue"),
        ("", ""),
    ],
)
def test_addresses_are_shown_without_password(address: str, shown: str) -> None:
    assert without_password(address) == shown


def test_paths_are_not_wrapped_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    data = Path("/srv") / ("media-of-the-faculty-of-physics-" * 3)
    prepared = {
        "database": "SQLite 3.45",
        "ffmpeg": "9.0.2",
        "sandbox": "seccomp",
        "setup_path": "/setup/abc",
    }
    show_table(Settings(data=data, queue_url="redis://queue:6379/0"), {"server": 7, "encode-1": 8}, prepared)
    output = capsys.readouterr().out
    assert f"folder {data}/objects " in output
    assert "/setup/abc\n" in output
