"""Input and output types of text lessons."""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType


class NewText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    markdown: str
    version: int | UnsetType = UNSET  # the one this change started from; 409 if another text was saved since


class TextView(msgspec.Struct, frozen=True, kw_only=True):
    """Text of a lesson."""

    lesson_id: str
    markdown: str | None  # None for viewers who do not teach it
    html: str  # sanitised
    reading_seconds: int | None  # estimated; None: nothing to read yet
    version: int  # raised by each change
    updated_at: datetime | None  # None: never saved
