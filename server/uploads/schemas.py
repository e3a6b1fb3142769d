"""Request and response bodies of uploads (spec section 1)."""

from datetime import datetime

import msgspec


class InitUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lesson_id: str
    filename: str
    content_type: str | None = None
    size: int | None = None  # bytes; when given, exactly this many are accepted


class UploadTicket(msgspec.Struct, frozen=True):
    """Upload targets: POST `fields` and then the file in `file` to `upload_url`, or use tus at `tus_url`."""

    upload_url: str
    fields: dict[str, str]
    s3_key: str
    tus_url: str
    expires_at: datetime


class OpenUpload(msgspec.Struct, frozen=True):
    """Active upload, as the lesson's page shows it."""

    id: str
    filename: str
    size: int
    offset: int
    storing: bool  # all bytes received; the file is being moved into the object store
    expires_at: datetime
