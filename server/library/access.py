"""Access rules of courses and lessons. Every feature calls them, in its own transaction.

NotFound where the viewer must not learn that the course or lesson exists; Forbidden where they see it
but may not change it.
"""

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Forbidden, NotFound
from storage.database.tables import Course, CourseInstructor, Enrolment, EnrolmentWay, Lesson
from storage.messages import N_
from storage.states import EnrolmentMode, LessonKind, PublicationStatus

NO_COURSE = N_("There is no such course, or you are not enrolled in it.")
NO_LESSON = N_("There is no such lesson, or it is not open to you.")
NOT_TEACHING = N_("Only those who teach this course may change it.")

TAKES_NO_VIDEO = N_("This lesson takes no video. Make a video lesson for it.")
NO_CODE = N_("No course has this code, or not any more. Ask your instructor for the current one.")

LIVE = Enrolment.ended_at.is_(None)  # condition of every query for enrolments that have not ended
OPEN = (Course.status == PublicationStatus.PUBLISHED) & exists().where(
    EnrolmentWay.course_id == Course.id, EnrolmentWay.mode == EnrolmentMode.OPEN
)  # condition of every query for courses that everybody may enrol in
# Condition of every query for lessons that have something to be learned, whatever their kind.
AVAILABLE = or_(Lesson.video_id.is_not(None), Lesson.reading_seconds.is_not(None), Lesson.questions > 0)


def is_available(lesson: Lesson) -> bool:
    """`AVAILABLE` of one row."""
    return lesson.video_id is not None or lesson.reading_seconds is not None or bool(lesson.questions)


def require_video_lesson(lesson: Lesson) -> Lesson:
    """The lesson. Raises Conflict for one of another kind, which no video can be uploaded to."""
    if lesson.kind != LessonKind.VIDEO:
        raise Conflict(TAKES_NO_VIDEO)
    return lesson


def open_to(viewer: Viewer, course_id: str) -> ColumnElement[bool]:
    """Condition on the course of this id: published, and the viewer is enrolled in it."""
    return (Course.status == PublicationStatus.PUBLISHED) & _enrolled(viewer, course_id)


async def course_for_learning(session: AsyncSession, viewer: Viewer, course_id: str) -> Course:
    """Course that the viewer is enrolled in, if published, or teaches. Raises NotFound."""
    found = select(Course, open_to(viewer, course_id)).where(Course.id == course_id)
    row = (await session.execute(found)).one_or_none()
    if row is None:
        raise NotFound(NO_COURSE)
    course, is_open = row
    if not is_open and not await is_teaching(session, viewer, course_id):
        raise NotFound(NO_COURSE)
    return course


async def course_for_teaching(session: AsyncSession, viewer: Viewer, course_id: str) -> Course:
    """Course that the viewer teaches. Raises NotFound and Forbidden."""
    course = await course_for_learning(session, viewer, course_id)
    if not await is_teaching(session, viewer, course_id):
        raise Forbidden(NOT_TEACHING)
    return course


async def course_for_enrolling(session: AsyncSession, course_id: str) -> Course:
    """Published course that everybody who is signed in may enrol in. Raises NotFound."""
    course = await session.scalar(select(Course).where(Course.id == course_id, OPEN))
    if course is None:
        raise NotFound(NO_COURSE)
    return course


async def is_open(session: AsyncSession, course_id: str) -> bool:
    return bool(await session.scalar(select(exists().where(Course.id == course_id, OPEN))))


async def course_of_code(session: AsyncSession, code: str) -> Course:
    """Course that whoever has this code may enrol in, once it is published. Raises NotFound."""
    course = await session.scalar(
        select(Course)
        .join(EnrolmentWay, EnrolmentWay.course_id == Course.id)
        .where(EnrolmentWay.code == code, EnrolmentWay.mode == EnrolmentMode.CODE)
    )
    if course is None:
        raise NotFound(NO_CODE)
    return course


async def lesson_for_learning(session: AsyncSession, viewer: Viewer, lesson_id: str) -> Lesson:
    """Lesson that the viewer may watch: it and its course published and enrolled, or taught by them."""
    lesson, course = await _lesson_and_course(session, lesson_id)
    open_to_learners = (
        lesson.status == PublicationStatus.PUBLISHED and course.status == PublicationStatus.PUBLISHED
    )
    if not (
        (open_to_learners and await is_enrolled(session, viewer, course.id))
        or await is_teaching(session, viewer, course.id)
    ):
        raise NotFound(NO_LESSON)
    return lesson


async def lesson_for_teaching(session: AsyncSession, viewer: Viewer, lesson_id: str) -> Lesson:
    lesson = await lesson_for_learning(session, viewer, lesson_id)
    if not await is_teaching(session, viewer, lesson.course_id):
        raise Forbidden(NOT_TEACHING)
    return lesson


async def is_enrolled(session: AsyncSession, viewer: Viewer, course_id: str) -> bool:
    return bool(await session.scalar(select(_enrolled(viewer, course_id))))


def _enrolled(viewer: Viewer, course_id: str) -> ColumnElement[bool]:
    return exists().where(Enrolment.course_id == course_id, Enrolment.user_id == viewer.id, LIVE)


async def is_teaching(session: AsyncSession, viewer: Viewer, course_id: str) -> bool:
    """Administrators teach every course; a former instructor without the role teaches none."""
    if viewer.is_administrator or not viewer.can_teach:
        return viewer.is_administrator
    found = await session.scalar(
        select(exists().where(CourseInstructor.course_id == course_id, CourseInstructor.user_id == viewer.id))
    )
    return bool(found)


async def _lesson_and_course(session: AsyncSession, lesson_id: str) -> tuple[Lesson, Course]:
    row = (
        await session.execute(
            select(Lesson, Course).join(Course, Course.id == Lesson.course_id).where(Lesson.id == lesson_id)
        )
    ).one_or_none()
    if row is None:
        raise NotFound(NO_LESSON)
    return row
