"""Names and pages of what ledger lines are for. Steps."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import NotFound
from server.core.text.formats import translated
from server.library import access
from storage.database.tables import Achievement, Course, LearningEvent, Lesson, XpTransaction
from storage.states import FactKind, PublicationStatus, XpRule


class Subjects(msgspec.Struct, frozen=True):
    lessons: Mapping[str, str]  # titles by id; those that are gone are missing
    courses: Mapping[str, str]
    achievements: Mapping[str, str]
    open_lessons: Mapping[str, str]  # pages of those that the person may open
    open_courses: Mapping[str, str]
    deleted_posts: Collection[str]


async def of_lines(session: AsyncSession, viewer: Viewer, lines: Sequence[XpTransaction]) -> Subjects:
    lesson_ids = {line.lesson_id for line in lines if line.lesson_id}
    course_ids = {line.course_id for line in lines if line.course_id}
    lessons = {row.id: row for row in await session.scalars(select(Lesson).where(Lesson.id.in_(lesson_ids)))}
    courses = await session.execute(select(Course.id, Course.title).where(Course.id.in_(course_ids)))
    achievement_ids = _subjects(lines, XpRule.ACHIEVEMENT_UNLOCKED)
    achievements = await session.scalars(select(Achievement).where(Achievement.id.in_(achievement_ids)))
    opened = await _open_courses(session, viewer, course_ids)
    return Subjects(
        lessons={lesson.id: lesson.title for lesson in lessons.values()},
        courses={row.id: row.title for row in courses},
        achievements={row.id: translated(row.name) for row in achievements},
        open_lessons={
            lesson.id: f"{opened[lesson.course_id]}/lessons/{lesson.id}"
            for lesson in lessons.values()
            if lesson.course_id in opened and lesson.status == PublicationStatus.PUBLISHED
        },
        open_courses=opened,
        deleted_posts=await _deleted_posts(session, viewer, lines),
    )


def subject(line: XpTransaction) -> str:
    """Without the number of a correction."""
    return line.subject.partition("#")[0]


def _subjects(lines: Sequence[XpTransaction], rule: XpRule) -> list[str]:
    return sorted({subject(line) for line in lines if line.rule == rule})


async def _open_courses(session: AsyncSession, viewer: Viewer, course_ids: Collection[str]) -> dict[str, str]:
    """Pages of the courses that the person may open; a page of lines is about a few courses."""
    found = {}
    for course_id in sorted(course_ids):
        try:
            await access.course_for_learning(session, viewer, course_id)
        except NotFound:
            continue
        found[course_id] = f"/dashboard/courses/{course_id}"
    return found


async def _deleted_posts(
    session: AsyncSession, viewer: Viewer, lines: Sequence[XpTransaction]
) -> Collection[str]:
    deleted = select(LearningEvent.subject).where(
        LearningEvent.kind == FactKind.POST_DELETED,
        LearningEvent.user_id == viewer.id,
        LearningEvent.subject.in_(_subjects(lines, XpRule.DISCUSSION_POST)),
    )
    return set(await session.scalars(deleted))
