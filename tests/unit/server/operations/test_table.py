import pytest

from server.operations.table import without_password


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
def test_addresses_are_shown_without_their_password(address: str, shown: str) -> None:
    assert without_password(address) == shown
