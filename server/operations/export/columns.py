"""Columns of an export: people, courses, lessons and facts, as its README explains them."""

from server.operations.export.rules import Table
from storage.database.base import Base
from storage.database.tables import (
    AuditEntry,
    Course,
    CourseInstructor,
    Enrolment,
    EnrolmentWay,
    LearningEvent,
    LessonFile,
    LessonText,
    User,
)

LIBRARY: dict[type[Base], Table] = {
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
            "erased_at": "when their person was erased: a pseudonym without a name; null: an account",
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
    AuditEntry: Table(
        "audit_log.jsonl",
        "What administrators did.",
        {
            "id": "of the entry",
            "at": "when",
            "actor_id": "who did it; null: a command or the server",
            "actor_name": "their name then; empty: a pseudonym, a command or the server",
            "action": "as in role_changed",
            "subject_kind": "what it was done to, as in person",
            "subject_id": "id of that; null: none",
            "label": "its name then",
            "data": "values before and after, and counts, an object",
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
