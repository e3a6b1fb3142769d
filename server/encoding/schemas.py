"""Values that encoding takes and gives (spec section 1)."""

import msgspec


class StartTranscode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lesson_id: str
    s3_key: str


class LessonRef(msgspec.Struct, frozen=True):
    lesson_id: str


class Started(msgspec.Struct, frozen=True):
    """Both None when an upload was dropped before it had a job."""

    job_id: str | None
    status: str | None  # processing, ready, failed
