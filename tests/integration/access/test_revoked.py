"""Revoked access takes effect with the next request."""

from tests.fixtures.web import Account, MakeAccount


async def course_with(instructor: Account, learner: Account) -> tuple[str, str]:
    """Ids of a published course and its lesson, with the learner enrolled."""
    made = await instructor.api.post("/api/courses", json={"title": "Optics", "status": "published"})
    course_id = made.json()["id"]
    lesson = await instructor.api.post(
        f"/api/courses/{course_id}/lessons", json={"title": "Lenses", "status": "published"}
    )
    enrolled = await instructor.api.post(
        f"/api/courses/{course_id}/enrolments", json={"emails": [learner.email]}
    )
    assert enrolled.json()["added"] == [learner.email]
    return course_id, lesson.json()["id"]


def protected_paths(course_id: str, lesson_id: str) -> list[str]:
    return [
        f"/api/courses/{course_id}",
        f"/api/courses/{course_id}/lessons",
        f"/api/lessons/{lesson_id}",
        f"/api/video/playback/{lesson_id}",
        f"/dashboard/courses/{course_id}",
        f"/dashboard/courses/{course_id}/lessons/{lesson_id}",
    ]


async def statuses(account: Account, course_id: str, lesson_id: str) -> set[int]:
    return {(await account.browser.get(path)).status_code for path in protected_paths(course_id, lesson_id)}


async def test_ended_enrolment_revokes_access(instructor: Account, learner: Account) -> None:
    course_id, lesson_id = await course_with(instructor, learner)
    assert await statuses(learner, course_id, lesson_id) == {200}
    await instructor.api.delete(f"/api/courses/{course_id}/enrolments/{learner.id}")
    assert await statuses(learner, course_id, lesson_id) == {404}
    assert (await learner.api.get("/api/courses")).json() == []


async def test_unpublishing_revokes_access_of_learners(instructor: Account, learner: Account) -> None:
    course_id, lesson_id = await course_with(instructor, learner)
    await instructor.api.patch(f"/api/lessons/{lesson_id}", json={"status": "draft"})
    assert (await learner.api.get(f"/api/lessons/{lesson_id}")).status_code == 404
    assert (await learner.api.get(f"/api/courses/{course_id}/lessons")).json() == []
    await instructor.api.patch(f"/api/courses/{course_id}", json={"status": "draft"})
    assert await statuses(learner, course_id, lesson_id) == {404}
    assert await statuses(instructor, course_id, lesson_id) == {200}


async def test_removed_instructor_loses_access(
    instructor: Account, learner: Account, make_account: MakeAccount
) -> None:
    course_id, lesson_id = await course_with(instructor, learner)
    colleague = await make_account("instructor", "colleague@example.edu")
    people = f"/api/courses/{course_id}/instructors"
    await instructor.api.post(people, json={"emails": [colleague.email]})
    assert (await colleague.api.delete(f"{people}/{instructor.id}")).status_code == 204
    assert await statuses(instructor, course_id, lesson_id) == {404}
    assert (await colleague.api.delete(f"{people}/{colleague.id}")).status_code == 409


async def test_instructor_without_the_role_loses_access(
    instructor: Account, learner: Account, administrator: Account
) -> None:
    course_id, lesson_id = await course_with(instructor, learner)
    await administrator.api.patch(f"/api/people/{instructor.id}", json={"role": "learner"})
    assert await statuses(instructor, course_id, lesson_id) == {404}


async def test_deleted_course_and_lessons_are_gone(instructor: Account, learner: Account) -> None:
    course_id, lesson_id = await course_with(instructor, learner)
    assert (await instructor.api.delete(f"/api/courses/{course_id}")).status_code == 204
    assert await statuses(instructor, course_id, lesson_id) == {404}
    assert await statuses(learner, course_id, lesson_id) == {404}
