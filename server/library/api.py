"""JSON API of courses, lessons, enrolments and instructors (spec section 1)."""

from litestar import Router, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.library import courses, enrolments, instructors, lessons
from server.library.schemas import (
    Added,
    CoursePatch,
    CourseView,
    Emails,
    LessonOrder,
    LessonPatch,
    LessonView,
    MediaUrls,
    Member,
    NewCourse,
    NewLesson,
)
from storage.database.engine import Database


@get("/courses")
async def list_courses(
    database: NamedDependency[Database], viewer: NamedDependency[Viewer]
) -> list[CourseView]:
    """Courses that the caller teaches or, once published, is enrolled in."""
    taught = await courses.teaching(database, viewer)
    known = {course.id for course in taught}
    return taught + [course for course in await courses.learning(database, viewer) if course.id not in known]


@post("/courses")
async def create_course(
    data: JSONBody[NewCourse],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
    clock: NamedDependency[Clock],
) -> CourseView:
    """Create a course, with the caller as its instructor."""
    return await courses.create(database, viewer, data, clock.now())


@get("/courses/{course_id:str}")
async def get_course(
    course_id: FromPath[str], database: NamedDependency[Database], viewer: NamedDependency[Viewer]
) -> CourseView:
    """One course."""
    return await courses.get(database, viewer, course_id)


@patch("/courses/{course_id:str}")
async def edit_course(
    course_id: FromPath[str],
    data: JSONBody[CoursePatch],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
    clock: NamedDependency[Clock],
) -> CourseView:
    """Change the given fields; publish by `{"status": "published"}`.

    With the `version` that was read, a text that was saved meanwhile is not overwritten: 409 has both.
    """
    return await courses.edit(database, viewer, course_id, data, clock.now())


@delete("/courses/{course_id:str}")
async def delete_course(
    course_id: FromPath[str],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
    clock: NamedDependency[Clock],
) -> None:
    """Delete a course with its lessons and videos."""
    await courses.delete(database, viewer, course_id, clock.now())


@get("/courses/{course_id:str}/lessons")
async def list_lessons(
    course_id: FromPath[str],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
    media_urls: NamedDependency[MediaUrls],
) -> list[LessonView]:
    """Lessons in order; learners get the published ones."""
    return await media_urls.signed(viewer, await lessons.of_course(database, viewer, course_id))


@post("/courses/{course_id:str}/lessons")
async def create_lesson(
    course_id: FromPath[str],
    data: JSONBody[NewLesson],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
    clock: NamedDependency[Clock],
    media_urls: NamedDependency[MediaUrls],
) -> LessonView:
    """Add a lesson at the end."""
    lesson = await lessons.create(database, viewer, course_id, data, clock.now())
    return (await media_urls.signed(viewer, [lesson]))[0]


@put("/courses/{course_id:str}/lessons/order")
async def order_lessons(
    course_id: FromPath[str],
    data: JSONBody[LessonOrder],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
    media_urls: NamedDependency[MediaUrls],
) -> list[LessonView]:
    """Reorder all lessons."""
    await lessons.put_in_order(database, viewer, course_id, data.lesson_ids)
    return await media_urls.signed(viewer, await lessons.of_course(database, viewer, course_id))


@get("/lessons/{lesson_id:str}")
async def get_lesson(
    lesson_id: FromPath[str],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
    media_urls: NamedDependency[MediaUrls],
) -> LessonView:
    """One lesson with the state of its video."""
    lesson = await lessons.get(database, viewer, lesson_id)
    return (await media_urls.signed(viewer, [lesson]))[0]


@patch("/lessons/{lesson_id:str}")
async def edit_lesson(
    lesson_id: FromPath[str],
    data: JSONBody[LessonPatch],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
    clock: NamedDependency[Clock],
    media_urls: NamedDependency[MediaUrls],
) -> LessonView:
    """Change the given fields; `position` moves it and shifts the others.

    With the `version` that was read, a text that was saved meanwhile is not overwritten: 409 has both.
    """
    lesson = await lessons.edit(database, viewer, lesson_id, data, clock.now())
    return (await media_urls.signed(viewer, [lesson]))[0]


@delete("/lessons/{lesson_id:str}")
async def delete_lesson(
    lesson_id: FromPath[str],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
    clock: NamedDependency[Clock],
) -> None:
    """Delete a lesson with its video."""
    await lessons.delete(database, viewer, lesson_id, clock.now())


@get("/courses/{course_id:str}/enrolments")
async def list_enrolments(
    course_id: FromPath[str], database: NamedDependency[Database], viewer: NamedDependency[Viewer]
) -> list[Member]:
    """Enrolled learners by name."""
    return await enrolments.of_course(database, viewer, course_id)


@post("/courses/{course_id:str}/enrolments", status_code=200)
async def add_enrolments(
    course_id: FromPath[str],
    data: JSONBody[Emails],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
    clock: NamedDependency[Clock],
) -> Added:
    """Enrol up to 5,000 people by their email addresses. Idempotent."""
    return await enrolments.add(database, viewer, course_id, data.emails, clock.now())


@delete("/courses/{course_id:str}/enrolments/{user_id:str}")
async def remove_enrolment(
    course_id: FromPath[str],
    user_id: FromPath[str],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
    clock: NamedDependency[Clock],
) -> None:
    """End an enrolment. Enrolling the person again goes on with it."""
    await enrolments.remove(database, viewer, course_id, user_id, clock.now())


@get("/courses/{course_id:str}/instructors")
async def list_instructors(
    course_id: FromPath[str], database: NamedDependency[Database], viewer: NamedDependency[Viewer]
) -> list[Member]:
    """Instructors of the course by name."""
    return await instructors.of_course(database, viewer, course_id)


@post("/courses/{course_id:str}/instructors", status_code=200)
async def add_instructors(
    course_id: FromPath[str],
    data: JSONBody[Emails],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
) -> list[Member]:
    """Add instructors to the course: all of them, or none when an address has no such account."""
    await instructors.add(database, viewer, course_id, data.emails)
    return await instructors.of_course(database, viewer, course_id)


@delete("/courses/{course_id:str}/instructors/{user_id:str}")
async def remove_instructor(
    course_id: FromPath[str],
    user_id: FromPath[str],
    database: NamedDependency[Database],
    viewer: NamedDependency[Viewer],
) -> None:
    """Remove an instructor. The last one cannot be removed."""
    await instructors.remove(database, viewer, course_id, user_id)


ROUTES: list[ControllerRouterHandler] = [
    Router(
        "/api",
        tags=["Courses and lessons"],
        route_handlers=[
            list_courses,
            create_course,
            get_course,
            edit_course,
            delete_course,
            list_lessons,
            create_lesson,
            order_lessons,
            get_lesson,
            edit_lesson,
            delete_lesson,
            list_enrolments,
            add_enrolments,
            remove_enrolment,
            list_instructors,
            add_instructors,
            remove_instructor,
        ],
    )
]
