"""Snapshot files of generated texts."""

from pathlib import Path

FOLDER = Path(__file__).parent


def assert_unchanged(name: str, text: str) -> None:
    """Compare with the snapshot. To accept a change, delete the file and run the test twice."""
    path = FOLDER / name
    if not path.exists():
        path.write_text(text)
        raise AssertionError(f"{name} was written: review it, then run the test again")
    assert text == path.read_text()
