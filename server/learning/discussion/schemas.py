"""Input and output types of a discussion, as JSON and as template variables."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from server.core.lists import ListPage

Moment = Annotated[datetime, Meta(tz=True)]


class Moderation(StrEnum):
    """What those who teach the course do with a post."""

    HIDE = "hide"
    SHOW = "show"  # approve, or take back a HIDE
    LOCK = "lock"  # its thread takes no more replies
    UNLOCK = "unlock"


class NewPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str  # plain, up to 5,000 characters
    reply_to: str | None = None  # a post of the thread; None: a new thread


class PostPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str


class Moderated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    action: Moderation
    reason: str = ""  # for hide: its author reads it


class SeenUntil(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    until: Moment  # `newest_at` of what was shown


class DiscussionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    approve_first: bool  # posts of learners wait until an instructor shows them


class PostView(msgspec.Struct, frozen=True, kw_only=True):
    """A post as the viewer sees it. Of one that they may not read, text, author and reason are empty."""

    id: str
    lesson_id: str
    thread_id: str | None  # None: the first of a thread
    author: str
    user_id: str | None  # None for viewers who do not teach the course
    staff: bool  # the author taught the course then
    mine: bool
    state: str  # waiting, shown, hidden, deleted
    text: str
    reason: str  # why it was hidden
    created_at: datetime
    edited_at: datetime | None
    can_edit: bool
    unread: bool


class ThreadView(msgspec.Struct, frozen=True, kw_only=True):
    post: PostView
    replies: list[PostView]  # oldest first
    locked: bool
    active_at: datetime


class Threads(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a lesson's discussion, newest activity first."""

    threads: list[ThreadView]
    page: int
    pages: int
    count: int  # threads of all pages
    unread: int  # posts of all pages that others wrote since the caller looked
    waiting: int | None  # for approval; None for viewers who do not teach the course
    approve_first: bool  # posts of learners wait until an instructor shows them
    newest_at: datetime | None  # to be sent back as `until`


class CoursePosts(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a course's posts, newest first."""

    posts: list[PostView]
    page: int
    pages: int
    count: int
    waiting: int


class Discussion(msgspec.Struct, frozen=True, kw_only=True):
    """What a page shows of a lesson's discussion."""

    lesson_id: str
    course_id: str
    found: ListPage[ThreadView]
    unread: int
    waiting: int
    moderates: bool
    approve_first: bool
    newest_at: datetime | None


class LessonPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post in the list of a course."""

    post: PostView
    lesson_title: str
    seconds: float | None  # of the lesson's video
    locked: bool  # its thread
