"""Attempts: opened once, saved as they are answered, graded once, and what they earn."""

import asyncio

import msgspec
import pytest
from sqlalchemy import func, select

from server.learning.quizzes import attempts, rules
from server.learning.quizzes.model import QuizContent
from server.services import Services
from storage.database.tables import ActivityDay, QuizAttempt
from storage.states import LessonKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, MakeAccount
from tests.integration.learning.quizzes.conftest import Exam, MakeExam
from tests.world.builder import World
from tests.world.quizzes import QUESTIONS, RIGHT, content

pytestmark = on_both_databases


async def test_perfect_attempt_completes_the_lesson_and_the_course(exam: Exam) -> None:
    attempt = await exam.open()
    assert [question["review"] for question in attempt["questions"]] == [None] * 5
    assert "right" not in str(attempt["questions"]).lower()  # nothing is given away
    told = (await exam.submit(attempt, **RIGHT)).json()
    assert (told["in_time"], told["attempt"]["percent"], told["attempt"]["passed"]) == (True, 100, True)
    earned = [
        ("quiz_passed", exam.quiz.id),
        ("lesson_completed", exam.lesson.id),
        ("course_completed", exam.course.id),
        ("quiz_perfect", exam.quiz.id),
    ]
    assert await exam.facts() == earned
    again = await exam.submit(attempt, **RIGHT)  # the answer was lost on its way
    assert (again.status_code, again.json()["attempt"]) == (200, told["attempt"])
    progress = (await exam.learner.api.get(f"/api/courses/{exam.course.id}/progress")).json()
    assert progress == {"done": 1, "required": 1, "percent": 100, "completed": True}
    second = await exam.open()
    await exam.submit(second, **RIGHT)
    assert await exam.facts() == earned


async def test_failed_attempt_earns_nothing_and_a_later_pass_does(exam: Exam) -> None:
    failed = (await exam.submit(await exam.open(), single=["red"])).json()["attempt"]
    assert (failed["percent"], failed["passed"], failed["points"]) == (20, False, 1.0)
    assert await exam.facts() == []
    passed = await exam.submit(
        await exam.open(), **{name: RIGHT[name] for name in ("single", "numeric", "text")}
    )
    assert (passed.json()["attempt"]["percent"], passed.json()["attempt"]["n"]) == (60, 2)
    assert [kind for kind, _ in await exam.facts()] == ["quiz_passed", "lesson_completed", "course_completed"]


async def test_resubmission_is_refused_and_changes_nothing(exam: Exam) -> None:
    attempt = await exam.open()
    await exam.submit(attempt, single=["blue"])
    refused = await exam.submit(attempt, **RIGHT)
    assert refused.status_code == 409
    assert refused.json()["detail"] == "This attempt was submitted. Its answers can no longer be changed."
    saving = await exam.learner.api.put(
        f"{exam.url}/attempts/{attempt['id']}/answers", json={"answers": {"single": ["red"]}}
    )
    assert saving.status_code == 409
    assert await exam.facts() == []
    kept = (await exam.learner.api.get(f"{exam.url}/attempts/{attempt['id']}")).json()
    assert (kept["percent"], kept["questions"][0]["given"]) == (0, ["blue"])


async def test_two_tabs_work_on_one_attempt(exam: Exam) -> None:
    first, second, third = await asyncio.gather(exam.open(), exam.open(), exam.open())
    assert first["id"] == second["id"] == third["id"]
    assert first["questions"] == second["questions"]  # the same order of the options
    async with exam.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(QuizAttempt)) == 1
    where = f"{exam.url}/attempts/{first['id']}/answers"
    await exam.learner.api.put(where, json={"answers": {"single": ["red"]}})
    await exam.learner.api.put(where, json={"answers": {"text": ["Hannover"]}})
    told = (await exam.submit(first)).json()["attempt"]
    assert told["points"] == 2.0


async def test_simultaneous_submissions_are_graded_once(exam: Exam) -> None:
    attempt = await exam.open()
    answers = await asyncio.gather(*(exam.submit(attempt, **RIGHT) for _ in range(64)))
    assert [answer.status_code for answer in answers] == [200] * 64
    assert len(await exam.facts()) == 4


async def test_late_submission_is_graded_on_what_was_saved_in_time(
    make_exam: MakeExam, held_clock: HeldClock
) -> None:
    exam = await make_exam(content(minutes=10))
    attempt = await exam.open()
    assert attempt["seconds_left"] == 600
    where = f"{exam.url}/attempts/{attempt['id']}/answers"
    held_clock.advance(minutes=9)
    await exam.learner.api.put(where, json={"answers": {"single": ["red"]}})
    held_clock.advance(minutes=1, seconds=rules.GRACE.total_seconds())
    assert (await exam.learner.api.put(where, json={"answers": {"numeric": ["3.14"]}})).status_code == 200
    held_clock.advance(seconds=1)
    assert (await exam.learner.api.put(where, json={"answers": {"text": ["Hannover"]}})).status_code == 409
    told = (await exam.submit(attempt, **RIGHT)).json()
    assert (told["in_time"], told["attempt"]["points"], told["attempt"]["passed"]) == (False, 2.0, False)
    assert told["attempt"]["submitted_at"] == attempt["due_at"]
    again = (await exam.submit(attempt, **RIGHT)).json()
    assert again == told
    assert await exam.facts() == []


async def test_attempt_of_a_learner_who_left_is_graded_at_its_deadline(
    make_exam: MakeExam, held_clock: HeldClock, services: Services
) -> None:
    exam = await make_exam(content(minutes=10))
    attempt = await exam.open()
    where = f"{exam.url}/attempts/{attempt['id']}/answers"
    await exam.learner.api.put(where, json={"answers": RIGHT})
    held_clock.advance(minutes=10)
    assert await attempts.close_expired(services, held_clock.now(), held_clock.now()) is None  # in its grace
    held_clock.advance(hours=5)
    told = await attempts.close_expired(services, held_clock.now(), held_clock.now())
    assert str(told) == "Attempts graded: 1"
    assert [kind for kind, _ in await exam.facts()].count("quiz_passed") == 1
    assert await attempts.close_expired(services, held_clock.now(), held_clock.now()) is None
    shown = (await exam.learner.api.get(f"{exam.url}/attempts/{attempt['id']}")).json()
    assert (shown["state"], shown["percent"], shown["submitted_at"]) == ("submitted", 100, attempt["due_at"])


async def test_attempts_are_limited_over_all_versions(make_exam: MakeExam) -> None:
    exam = await make_exam(content(attempts=2))
    await exam.submit(await exam.open())
    changed = content(attempts=2, pass_mark=50)
    saved = await exam.teacher.api.put(exam.url, json={"content": msgspec.to_builtins(changed)})
    assert saved.json()["version"] == 2
    last = await exam.open()
    assert (last["n"], last["pass_mark"]) == (2, 50)
    assert (await exam.open())["id"] == last["id"]  # still open
    await exam.submit(last)
    refused = await exam.learner.api.post(f"{exam.url}/attempts")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "You have used all your attempts at this quiz.",
    )
    start = (await exam.learner.api.get(f"{exam.url}/attempts")).json()
    assert (start["attempts_left"], len(start["attempts"])) == (0, 2)


async def test_editing_makes_a_version_only_once_somebody_attempted(exam: Exam) -> None:
    other = msgspec.to_builtins(content(pass_mark=80))
    before = (await exam.teacher.api.put(exam.url, json={"content": other})).json()
    assert (before["version"], before["revision"]) == (1, 2)
    attempt = await exam.open()
    fewer = QuizContent(settings=content(pass_mark=80).settings, questions=QUESTIONS[:1])
    after = (await exam.teacher.api.put(exam.url, json={"content": msgspec.to_builtins(fewer)})).json()
    assert (after["version"], len(after["content"]["questions"])) == (2, 1)
    kept = (await exam.learner.api.get(f"{exam.url}/attempts/{attempt['id']}")).json()
    assert (len(kept["questions"]), kept["pass_mark"]) == (5, 80)
    told = (await exam.submit(attempt, **RIGHT)).json()["attempt"]
    assert told["points"] == 5.0
    assert len((await exam.open())["questions"]) == 1


async def test_unclear_number_is_asked_back_and_kept(exam: Exam) -> None:
    attempt = await exam.open()
    where = f"{exam.url}/attempts/{attempt['id']}"
    saved = await exam.learner.api.put(f"{where}/answers", json={"answers": {"numeric": ["3,140"]}})
    assert "can be read as" in saved.json()["unclear"]["numeric"]
    refused = await exam.submit(attempt, single=["red"])
    assert refused.status_code == 400
    assert "can be read as" in refused.json()["fields"]["numeric"]
    kept = {q["id"]: q["given"] for q in (await exam.learner.api.get(where)).json()["questions"]}
    assert (kept["numeric"], kept["single"]) == (["3,140"], ["red"])  # nothing typed is lost
    assert (await exam.submit(attempt, numeric=["3,1400"])).json()["attempt"]["points"] == 2.0


@pytest.mark.parametrize(
    "answers",
    [
        {"nothing": ["red"]},
        {"single": ["red", "blue"]},
        {"single": ["cow"]},
        {"ordering": ["ant"]},
        {"text": ["x" * 501]},
    ],
)
async def test_answers_that_no_page_sends_are_refused(exam: Exam, answers: dict[str, list[str]]) -> None:
    attempt = await exam.open()
    for answer in (
        await exam.submit(attempt, **answers),
        await exam.learner.api.put(f"{exam.url}/attempts/{attempt['id']}/answers", json={"answers": answers}),
    ):
        assert answer.status_code == 400, answer.text
    kept = (await exam.learner.api.get(f"{exam.url}/attempts/{attempt['id']}")).json()
    assert kept["state"] == "open"
    assert all(question["given"] == [] for question in kept["questions"])


async def test_staff_previews_without_facts_or_limit(make_exam: MakeExam) -> None:
    exam = await make_exam(content(attempts=1))
    for _ in range(2):
        preview = await exam.open(exam.teacher)
        where = f"{exam.url}/attempts/{preview['id']}/submit"
        told = (await exam.teacher.api.post(where, json={"answers": RIGHT})).json()
        assert told["attempt"]["passed"] is True
    assert await exam.facts() == []
    async with exam.database.read() as session:
        days = list(await session.scalars(select(ActivityDay.user_id)))
    assert days == []
    await exam.open()
    async with exam.database.read() as session:
        assert list(await session.scalars(select(ActivityDay.user_id))) == [exam.learner.id]


async def test_attempt_of_somebody_else_is_not_found(
    exam: Exam, world: World, make_account: MakeAccount
) -> None:
    other: Account = await make_account("learner", "eve@example.edu", "Eve")
    await world.enrol(exam.course, other)
    attempt = await exam.open()
    where = f"{exam.url}/attempts/{attempt['id']}"
    assert (await other.api.get(where)).status_code == 404
    assert (await other.api.post(f"{where}/submit", json={"answers": RIGHT})).status_code == 404
    assert (await other.api.put(f"{where}/answers", json={"answers": RIGHT})).status_code == 404
    elsewhere = await world.lesson(exam.course, "Another", kind=LessonKind.QUIZ)
    wrong = f"/api/lessons/{elsewhere.id}/quiz/attempts/{attempt['id']}"
    assert (await exam.learner.api.get(wrong)).status_code == 404


async def test_review_shows_what_is_right_only_after_passing(exam: Exam) -> None:
    failed = (await exam.submit(await exam.open(), single=["blue"])).json()["attempt"]
    assert failed["shows_right"] is False
    assert [question["review"]["right"] for question in failed["questions"]] == [None] * 5
    assert failed["questions"][0]["review"]["option_feedback"] == {"blue": "Like ice."}
    await exam.submit(await exam.open(), **RIGHT)
    shown = (await exam.learner.api.get(f"{exam.url}/attempts/{failed['id']}")).json()
    assert [question["review"]["right"] for question in shown["questions"]] == [
        ["red"],
        ["2", "3"],
        ["3.14"],
        ["Hannover"],
        ["ant", "cat", "cow"],
    ]


async def test_quiz_without_questions_is_not_required(make_exam: MakeExam, world: World) -> None:
    exam = await make_exam(QuizContent())
    refused = await exam.learner.api.post(f"{exam.url}/attempts")
    assert refused.status_code == 409
    progress = f"/api/courses/{exam.course.id}/progress"
    assert (await exam.learner.api.get(progress)).json()["required"] == 0
    await world.quiz(await world.lesson(exam.course, "Draft", kind=LessonKind.QUIZ, status="draft"))
    assert (await exam.learner.api.get(progress)).json()["required"] == 0
    await world.quiz(await world.lesson(exam.course, "Open", kind=LessonKind.QUIZ))
    assert (await exam.learner.api.get(progress)).json()["required"] == 1


async def test_quiz_in_a_video_completes_no_lesson(exam: Exam, world: World) -> None:
    lesson = await world.lesson(exam.course, "Film")
    await world.video(lesson, seconds=300)
    url = f"/api/lessons/{lesson.id}/quiz"
    new = {"content": msgspec.to_builtins(content())}
    outside = await exam.teacher.api.put(f"{url}?at=301", json=new)
    assert (outside.status_code, list(outside.json()["fields"])) == (400, ["moment"])
    made = (await exam.teacher.api.put(f"{url}?at=12.5", json=new)).json()
    assert made["moment"] == 12.5
    assert (await exam.teacher.api.put(url, json=new)).status_code == 409  # no quiz lesson
    attempt = (await exam.learner.api.post(f"{url}/attempts?quiz={made['quiz_id']}")).json()
    told = await exam.learner.api.post(f"{url}/attempts/{attempt['id']}/submit", json={"answers": RIGHT})
    assert told.json()["attempt"]["passed"] is True
    assert await exam.facts() == [("quiz_passed", made["quiz_id"]), ("quiz_perfect", made["quiz_id"])]


async def test_ended_enrolment_stops_an_attempt(exam: Exam) -> None:
    attempt = await exam.open()
    removed = await exam.teacher.api.delete(f"/api/courses/{exam.course.id}/enrolments/{exam.learner.id}")
    assert removed.status_code == 204
    assert (await exam.submit(attempt, **RIGHT)).status_code == 404


async def test_deadline_is_the_servers(make_exam: MakeExam, held_clock: HeldClock) -> None:
    exam = await make_exam(content(minutes=1))
    attempt = await exam.open()
    held_clock.advance(seconds=61)
    assert (await exam.open())["id"] == attempt["id"]  # in its grace
    held_clock.advance(seconds=rules.GRACE.total_seconds())
    fresh = await exam.open()
    assert fresh["id"] != attempt["id"]
    old = (await exam.learner.api.get(f"{exam.url}/attempts/{attempt['id']}")).json()
    assert old["state"] == "submitted"
