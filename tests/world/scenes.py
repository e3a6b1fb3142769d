"""Scenes that many tests begin with."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from storage.database.engine import Database
from storage.states import PublicationStatus, RevisionState, Role
from tests.world.builder import World

if TYPE_CHECKING:  # else the benchmarks would load pytest
    from tests.fixtures.web import Account, MakeAccount

TITLES = ("Rays", "Lenses", "Interference", "Diffraction", "Lasers")


@dataclass(frozen=True)
class Academy:
    """Course Optics: Rays ready, Lenses encoding, Interference failed, Diffraction empty, Lasers a draft."""

    teacher: "Account"
    learner: "Account"
    course_id: str
    lesson_ids: tuple[str, ...]  # in the order of TITLES

    @property
    def course(self) -> str:
        """Path of the instructor's course page."""
        return f"/teach/courses/{self.course_id}"

    def lesson(self, number: int) -> str:
        return f"{self.course}/lessons/{self.lesson_ids[number]}"


async def make_academy(world: World, make_account: "MakeAccount") -> Academy:
    teacher = await make_account("instructor", "max@example.edu", "Max Born")
    learner = await make_account("learner", "ada@example.edu", "Ada Lovelace")
    course = await world.course(
        "Optics", description="Light as rays and waves.", instructors=[teacher], learners=[learner]
    )
    lessons = [
        await world.lesson(course, title, status="draft" if title == "Lasers" else "published")
        for title in TITLES
    ]
    rays, lenses, interference, *_ = lessons
    recording = "recording.mp4"
    await world.video(rays, seconds=2712, height=180, filename=recording)
    await world.video(
        lenses, state=RevisionState.ENCODING, seconds=480, chunks=8, height=180, filename=recording
    )
    await world.video(interference, state=RevisionState.FAILED, seconds=None, filename=recording)
    return Academy(teacher, learner, course.id, tuple(lesson.id for lesson in lessons))


@dataclass
class School:
    """Draft course with one lesson, and API tokens and ids of users by name.

    Names: "teacher" of the course, "other" instructor without it, "learner", "administrator".
    """

    database: Database
    course_id: str
    lesson_id: str
    tokens: dict[str, str]
    users: dict[str, str] = field(default_factory=dict)


async def make_school(world: World) -> School:
    roles = {
        "teacher": Role.INSTRUCTOR,
        "other": Role.INSTRUCTOR,
        "learner": Role.LEARNER,
        "administrator": Role.ADMINISTRATOR,
    }
    people = {name: await world.person(name, role=role) for name, role in roles.items()}
    draft = PublicationStatus.DRAFT
    course = await world.course("Algorithms", instructors=[people["teacher"]], status=draft)
    lesson = await world.lesson(course, "Sorting", status=draft)
    return School(
        world.database,
        course.id,
        lesson.id,
        tokens={name: await world.token(person) for name, person in people.items()},
        users={name: person.id for name, person in people.items()},
    )
