"""Values that uploads take and give (spec section 1)."""

from datetime import datetime

import msgspec


class InitUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lesson_id: str
    filename: str
    content_type: str | None = None
    size: int | None = None  # bytes; when given, exactly so many are accepted


class UploadTicket(msgspec.Struct, frozen=True):
    """POST `fields` and then the file in `file` to `upload_url`, or speak tus to `tus_url`."""

    upload_url: str
    fields: dict[str, str]
    s3_key: str
    tus_url: str
    expires_at: datetime


class OpenUpload(msgspec.Struct, frozen=True):
    """An upload under way, as the lesson's page shows it."""

    id: str
    filename: str
    size: int
    offset: int
    storing: bool  # every byte is here and moves into the object store
    expires_at: datetime
