"""Request and response bodies of encoding (spec section 1)."""

import msgspec


class StartTranscode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lesson_id: str
    s3_key: str


class LessonRef(msgspec.Struct, frozen=True):
    lesson_id: str


class Started(msgspec.Struct, frozen=True):
    """Job of a lesson. Both None when an upload was cancelled before it had one."""

    job_id: str | None
    status: str | None  # processing, ready, failed
