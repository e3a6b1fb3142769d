"""Input and output types of the library services, as JSON and as template variables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol, runtime_checkable

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.library.rules import MAX_ADDRESSES, MAX_LESSONS


class NewCourse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    description: str = ""
    status: str = "draft"  # or "published"
    completion_threshold: int = 90  # percent of a video that counts as watched


class CoursePatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Partial update: only the given fields change."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    completion_threshold: int | UnsetType = UNSET
    version: int | UnsetType = UNSET  # the one this change started from; 409 if another text was saved since


class CourseView(msgspec.Struct, frozen=True):
    id: str
    title: str
    description: str
    status: str
    completion_threshold: int
    created_at: datetime
    updated_at: datetime
    lessons: int  # visible to the viewer
    drafts: int | None  # among them; None for viewers who do not teach it
    learners: int | None  # None for viewers who do not teach it
    can_edit: bool
    version: int  # raised by each change of title, description or completion_threshold


class NewLesson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    description: str = ""
    status: str = "draft"
    kind: str = "video"  # or "text" or "quiz"; it stays what it is


class LessonPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Partial update: only the given fields change."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    position: int | UnsetType = UNSET  # from 0; the others are shifted
    version: int | UnsetType = UNSET  # the one this change started from; 409 if another text was saved since


class LessonView(msgspec.Struct, frozen=True):
    id: str
    course_id: str
    title: str
    description: str
    position: int  # from 0, without gaps
    kind: str  # video, text or quiz
    status: str
    created_at: datetime
    updated_at: datetime
    can_edit: bool
    available: bool  # whether there is something to be learned: a video that plays, a text or questions
    playable: bool
    video_id: str | None  # the revision that is played; None: none yet
    reading_seconds: int | None  # of a text lesson, estimated; None: no text yet
    video_status: str | None  # uploading, processing, ready, failed; None: no video yet
    video_original_url: str | None  # object key; None for viewers who do not teach it
    video_hls_url: str | None
    video_thumbnail_url: str | None
    video_duration_seconds: float | None
    video_quality_variants: list[Any] | None
    transcoding_job_id: str | None
    transcoding_progress: int  # 0-100
    version: int  # raised by each change of title or description

    @property
    def seconds(self) -> float:
        """What it takes to learn it: the video's duration, or the time to read the text."""
        return (self.video_duration_seconds if self.playable else self.reading_seconds) or 0.0


class LessonOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lesson_ids: Annotated[list[str], Meta(max_length=MAX_LESSONS)]  # each lesson of the course exactly once


class Emails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    emails: Annotated[list[str], Meta(max_length=MAX_ADDRESSES)]


class Member(msgspec.Struct, frozen=True):
    """Instructor or enrolled learner of a course."""

    user_id: str
    email: str
    name: str
    since: datetime | None = None  # enrolments only


class Added(msgspec.Struct, frozen=True):
    """Result of enrolling a list of addresses. Already enrolled ones are not an error."""

    added: tuple[str, ...]
    already: tuple[str, ...]
    unknown: tuple[str, ...]  # no such account: an administrator adds it first


class CourseTalk(msgspec.Struct, frozen=True):
    """What people write about a course, for those who teach it."""

    unread: dict[str, int]  # posts that the viewer has not seen, by lesson; no entry: none
    waiting: int  # posts for approval
    average: float | None  # stars of its reviews; None without any
    reviews: int


@runtime_checkable
class Talk(Protocol):
    """Discussions and reviews of a course. Learning implements it and `server.app` binds it."""

    async def of_course(
        self, session: AsyncSession, viewer: Viewer, course_id: str, lesson_ids: Sequence[str]
    ) -> CourseTalk:
        """Step. The caller has checked that the viewer teaches the course."""
        ...


@runtime_checkable  # Litestar checks the type of what it injects
class MediaUrls(Protocol):
    """Signed media addresses. Playback implements it and `server.app` binds it, because this feature
    must not import a later one."""

    async def keys(self) -> tuple[bytes, ...]:
        """Signing keys, to be asked for before a page's read begins."""
        ...

    def posters(
        self, keys: tuple[bytes, ...], viewer: Viewer, lessons: Sequence[LessonView]
    ) -> dict[str, str]:
        """Poster addresses by lesson id."""
        ...

    async def signed(self, viewer: Viewer, lessons: Sequence[LessonView]) -> list[LessonView]:
        """The lessons with addresses that the viewer can fetch."""
        ...
