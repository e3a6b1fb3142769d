"""Tables of an export: their columns, which are documented in the export's README, and their rows."""

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.operations.export.rules import Table, file_name, folder_name
from storage.database.base import Base
from storage.database.tables import (
    ActivityDay,
    Certificate,
    CertificateSettings,
    Course,
    CourseInstructor,
    DiscussionSeen,
    Enrolment,
    EnrolmentWay,
    LearningEvent,
    Lesson,
    LessonFile,
    LessonReading,
    LessonText,
    Quiz,
    QuizAnswer,
    QuizAttempt,
    QuizVersion,
    Post,
    Review,
    User,
    Video,
    VideoAnalytics,
    WatchCoverage,
)
from storage.objects import keys
from storage.states import RevisionState

BATCH = 500  # rows in memory

EXPORTED: dict[type[Base], Table] = {
    User: Table(
        "people.jsonl",
        "Accounts.",
        {
            "id": "of the person",
            "email": "address that they sign in with",
            "name": "as others see it",
            "role": "learner, instructor or administrator",
            "created_at": "when the account was made",
            "disabled_at": "since when they cannot sign in; null: they can",
        },
    ),
    Course: Table(
        "courses.jsonl",
        "Courses.",
        {
            "id": "of the course",
            "title": "as learners see it",
            "description": "plain text",
            "status": "draft or published",
            "completion_threshold": "percent of a video that counts as watched",
            "approve_posts": "whether posts of learners wait for approval",
            "created_by": "person; null when the account was deleted",
            "created_at": "when it was made",
            "updated_at": "when it was last changed",
        },
    ),
    CourseInstructor: Table(
        "instructors.jsonl", "Who teaches which course.", {"course_id": "course", "user_id": "person"}
    ),
    Enrolment: Table(
        "enrolments.jsonl",
        "Who learns in which course.",
        {
            "course_id": "course",
            "user_id": "person",
            "created_at": "when they were first enrolled",
            "ended_at": "when they left or were removed; null: enrolled",
        },
    ),
    LessonText: Table(
        "texts.jsonl",
        "Texts of text lessons.",
        {
            "lesson_id": "lesson",
            "markdown": "the text; it shows pictures by /files/ID/NAME, with the id of files.jsonl",
            "updated_at": "when it was last saved",
        },
    ),
    LessonFile: Table(
        "files.jsonl",
        "Pictures of texts and attachments of lessons. An export with media has them in the lesson's folder, "
        "in `files/`, under the last digits of their id and their name.",
        {
            "id": "of the file",
            "lesson_id": "lesson",
            "kind": "picture or attachment",
            "name": "of the file",
            "content_type": "media type",
            "size": "bytes",
            "sha256": "hex digest of its content",
            "position": "in its lesson, among those of its kind, from 0",
            "created_at": "when it was added",
        },
    ),
    LessonReading: Table(
        "readings.jsonl",
        "Who has opened which text lesson.",
        {
            "user_id": "person",
            "lesson_id": "lesson",
            "first_at": "first time",
            "last_at": "last time",
        },
    ),
    LearningEvent: Table(
        "facts.jsonl",
        "What learners did, a fact a line; it is never changed.",
        {
            "id": "of the fact",
            "at": "when",
            "local_day": "day of the institution that it counts for, as 2026-11-27",
            "kind": "what happened, as in enrolled or lesson_completed",
            "user_id": "the learner",
            "actor_id": "who did it; null: the system, or a deleted account",
            "course_id": "course; it may have been deleted",
            "lesson_id": "lesson; it may have been deleted",
            "subject": "what the fact is about: unique for a kind and a learner",
            "data": "further values of this kind, an object",
        },
    ),
    WatchCoverage: Table(
        "watched.jsonl",
        "What each person has watched of each video.",
        {
            "user_id": "the person",
            "lesson_id": "lesson",
            "spans": "[[from, to], …] in tenths of a second",
            "covered": "tenths of a second in them",
            "position": "seconds, where playing stopped last",
            "first_at": "first heartbeat",
            "last_at": "last heartbeat",
            "views": "times that at least ten seconds were watched, an hour apart",
            "viewed_at": "when the last view began",
            "staff": "whether the person taught the course",
        },
    ),
    VideoAnalytics: Table(
        "sessions.jsonl",
        "Sessions of the player.",
        {
            "id": "of the session",
            "user_id": "the person",
            "lesson_id": "lesson",
            "started_at": "when its page was made",
            "last_at": "last heartbeat",
            "spans": "[[from, to], …] that were played, in tenths of a second",
            "watch_seconds": "of watching, what was played again included",
            "completion_percentage": "of the lesson, in this session",
            "playback_speed": "mean, weighted by time",
            "quality_selected": "the last; null: unknown",
            "device_type": "desktop, phone, tablet or tv; null: unknown",
            "staff": "whether the person taught the course",
        },
    ),
    EnrolmentWay: Table(
        "ways.jsonl",
        "How learners get into a course; without a line here, its instructors enrol them.",
        {
            "course_id": "course",
            "mode": "instructor, open or code",
            "code": "by which people enrol; null: none",
            "changed_at": "when it was last changed",
        },
    ),
    CertificateSettings: Table(
        "certificate_settings.jsonl",
        "Which courses give certificates.",
        {
            "course_id": "course",
            "given": "whether those who complete it get one",
            "text": "below the title of the course",
            "hours": "of work; null: not stated",
            "changed_at": "when it was last changed",
        },
    ),
    Certificate: Table(
        "certificates.jsonl",
        "Issued certificates, as they were at that time.",
        {
            "id": "of the certificate",
            "code": "in its public address, there with hyphens",
            "user_id": "the learner",
            "course_id": "course; it may have been deleted",
            "name": "of the learner",
            "institution": "its name",
            "course_title": "of the course",
            "course_version": "of the course",
            "text": "below the title of the course",
            "hours": "of work; null: not stated",
            "day": "of the completion, as 2026-11-27",
            "lessons": "required then, every one completed",
            "issued_at": "when it was issued",
            "revoked_at": "when it was revoked; null: it is valid",
            "revoked_by": "who revoked it; null: nobody, or a deleted account",
            "revocation_reason": "why; null: it is valid",
        },
        },
    ),
    Review: Table(
        "reviews.jsonl",
        "Reviews of courses.",
        {
            "course_id": "course",
            "user_id": "its author",
            "stars": "1 to 5; null: taken back while it was hidden",
            "text": "plain text",
            "created_at": "when it was posted",
            "updated_at": "when it was last changed",
            "state": "shown or hidden",
            "reason": "why it was hidden",
            "moderated_by": "person who hid it or showed it again; null: nobody, or a deleted account",
        },
    ),
    Post: Table(
        "posts.jsonl",
        "Discussions of lessons.",
        {
            "id": "of the post",
            "lesson_id": "lesson",
            "thread_id": "first post of the thread; null: this is it",
            "user_id": "its author; null: a deleted account",
            "staff": "whether the author taught the course then",
            "text": "plain text; empty once deleted",
            "created_at": "when it was written",
            "edited_at": "when its text was changed; null: never",
            "shown_at": "when others could see it first; null: never",
            "active_at": "of a thread: when something was shown in it last",
            "locked": "whether a thread takes no more replies",
            "state": "waiting, shown, hidden or deleted",
            "reason": "why it was hidden",
            "moderated_by": "person who last hid or showed it; null: nobody, or a deleted account",
        },
    ),
    DiscussionSeen: Table(
        "posts_seen.jsonl",
        "Up to when each person has seen each discussion.",
        {"user_id": "the person", "lesson_id": "lesson", "seen_at": "everything shown until then"},
    ),
    ActivityDay: Table(
        "active_days.jsonl",
        "Days on which somebody learned.",
        {"user_id": "the person", "day": "of the institution, as 2026-11-27"},
    ),
    Quiz: Table(
        "quizzes.jsonl",
        "Quizzes: lessons of their own, or in a video.",
        {
            "id": "of the quiz",
            "lesson_id": "lesson",
            "moment": "seconds into the lesson's video; null: the lesson is the quiz",
            "version": "number of its current version",
        },
    ),
    QuizVersion: Table(
        "quiz_versions.jsonl",
        "Questions and settings of quizzes; attempts keep the version they were made on.",
        {
            "id": "of the version",
            "quiz_id": "quiz",
            "number": "from 1",
            "content": "settings, questions and pools, an object",
            "created_at": "when it was made",
        },
    ),
    QuizAttempt: Table(
        "quiz_attempts.jsonl",
        "Attempts at quizzes.",
        {
            "id": "of the attempt",
            "quiz_id": "quiz",
            "version_id": "version of the quiz",
            "user_id": "person",
            "n": "from 1, of this person in this quiz",
            "state": "open or submitted",
            "drawn": "questions and their options in the order they were shown",
            "opened_at": "when it began",
            "due_at": "when its time was up; null: no time limit",
            "submitted_at": "when it was graded",
            "points": "earned",
            "max_points": "that could be earned",
            "passed": "whether it passed",
            "perfect": "whether everything was right",
            "staff": "whether it was a preview of somebody who teaches the course",
        },
    ),
    QuizAnswer: Table(
        "quiz_answers.jsonl",
        "Answers to the questions of attempts.",
        {
            "attempt_id": "attempt",
            "question_id": "question of the version",
            "given": "ids of options, in order, or one raw text",
            "saved_at": "when it was last changed",
            "share": "of the question's points, 0 to 1; null: not graded",
        },
    ),
}
LESSON_COLUMNS = {
    "id": "of the lesson",
    "course_id": "course",
    "title": "as learners see it",
    "description": "plain text",
    "position": "in its course, from 0",
    "kind": "video, text or quiz",
    "status": "draft or published",
    "created_at": "when it was made",
    "updated_at": "when it was last changed",
    "video_duration_seconds": "of its video",
    "reading_seconds": "of its text, estimated; null: no text",
    "questions": "asked in an attempt at its quiz; null: no quiz",
}
LESSONS = Table(
    "lessons.jsonl",
    "Lessons of the courses.",
    {
        **LESSON_COLUMNS,
        "filename": "of the uploaded file; null: no video",
        "original_bytes": "size of the uploaded file",
        "folder": "of its media in this export; null: neither video nor files, or an export without media",
    },
)
TABLES = (*EXPORTED.values(), LESSONS)


class LessonMedia(msgspec.Struct, frozen=True):
    """Where a lesson's media are, and where they go."""

    folder: str  # in the export
    video_id: str | None
    source_key: str | None
    ready: bool
    files: tuple[tuple[str, str, int], ...] = ()  # of each picture and attachment: key, name here, bytes


async def rows(session: AsyncSession, model: type[Base]) -> AsyncIterator[dict[str, Any]]:
    """Rows of one of EXPORTED, in the order of their keys."""
    columns = [getattr(model, name) for name in EXPORTED[model].columns]
    found = await session.stream(
        select(*columns).order_by(*model.__table__.primary_key).execution_options(yield_per=BATCH)
    )
    async for row in found:
        yield _plain(dict(zip(EXPORTED[model].columns, row, strict=True)))


async def lessons(
    session: AsyncSession, *, with_media: bool
) -> AsyncIterator[tuple[dict[str, Any], LessonMedia | None]]:
    """Lessons with the revision that learners see, or else the newest one, and their files."""
    beside = await _files(session) if with_media else {}
    columns = [getattr(Lesson, name) for name in LESSON_COLUMNS]
    revision = (Video.id, Video.source_key, Video.state, Video.filename, Video.source_bytes)
    found = await session.stream(
        select(*columns, Course.title, *revision)
        .join(Course, Course.id == Lesson.course_id)
        .outerjoin(
            Video,
            (Video.id == func.coalesce(Lesson.video_id, Lesson.transcoding_job_id))
            & (Video.state != RevisionState.CANCELLED),
        )
        .order_by(Lesson.course_id, Lesson.position, Lesson.id)
        .execution_options(yield_per=BATCH)
    )
    async for row in found:
        lesson = dict(zip(LESSON_COLUMNS, row, strict=False))
        course, video_id, source_key, state, filename, size = row[len(LESSON_COLUMNS) :]
        media = None
        if with_media and (video_id or lesson["id"] in beside):
            outer = folder_name(course, lesson["course_id"])
            inner = folder_name(lesson["title"], lesson["id"], lesson["position"])
            ready = state == RevisionState.READY
            there = tuple(beside.get(lesson["id"], ()))
            media = LessonMedia(f"media/{outer}/{inner}", video_id, source_key, ready, there)
        shown = {"filename": filename, "original_bytes": size, "folder": media.folder if media else None}
        yield _plain(lesson | shown), media


async def _files(session: AsyncSession) -> dict[str, list[tuple[str, str, int]]]:
    """Keys, names and sizes of pictures and attachments, by lesson."""
    found: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    columns = (LessonFile.lesson_id, LessonFile.id, LessonFile.name, LessonFile.size)
    for lesson_id, file_id, name, size in await session.execute(select(*columns).order_by(LessonFile.id)):
        found[lesson_id].append((keys.lesson_file(lesson_id, file_id), file_name(name, file_id), size))
    return found


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _text(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
