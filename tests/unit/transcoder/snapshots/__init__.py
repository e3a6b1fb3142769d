"""Texts that change only on purpose: each a file beside this one."""

from pathlib import Path

FOLDER = Path(__file__).parent


def assert_unchanged(name: str, text: str) -> None:
    """To accept a change, delete the file and run the test twice: the first run writes it anew."""
    path = FOLDER / name
    if not path.exists():
        path.write_text(text)
        raise AssertionError(f"{name} was written anew: read it, then run the test again")
    assert text == path.read_text()
