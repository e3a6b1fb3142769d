"""docs/settings.md, generated from the settings; a test keeps it current."""

from dataclasses import Field, fields
from typing import Any

from server.settings import PREFIX, Settings

HEAD = """\
# Settings

Written by `skillstudio settings --markdown > docs/settings.md`.

Every setting is an environment variable; `--data`, `--host`, `--port` and `--workers` are options too and
then win. None has to be set. `skillstudio settings` prints those in force and where each came from.

| variable | default | what it does |
|---|---|---|
"""


def settings_markdown() -> str:
    return HEAD + "".join(_row(item) for item in fields(Settings))


def _row(item: Field[Any]) -> str:
    about = item.metadata["about"] + (" Secret." if item.metadata["secret"] else "")
    return f"| `{PREFIX}{item.name.upper()}` | {_default(item.default)} | {about} |\n"


def _default(value: object) -> str:
    if isinstance(value, int) and value >= 10**9:
        return f"`{value}` ({value // 10**9} GB)"
    return f"`{value}`" if value != "" else "empty"
