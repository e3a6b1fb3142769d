"""Quizzes for instructors: saving, two editors, import and export, figures of the questions."""

import msgspec
import pytest
from sqlalchemy import select

from server.learning.quizzes.model import QuizContent
from storage.database.tables import QuizVersion
from storage.states import LessonKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import MakeAccount
from tests.integration.learning.quizzes.conftest import Exam
from tests.world.builder import World
from tests.world.quizzes import CONTENT, QUESTIONS, RIGHT

pytestmark = on_both_databases

GIFT = "Sky?{=blue ~green}\n\nMatch {=a -> 1 =b -> 2}\n\nTwo?{#2}\n"


async def test_quiz_is_made_by_its_first_save(exam: Exam, world: World) -> None:
    lesson = await world.lesson(exam.course, "New", kind=LessonKind.QUIZ)
    url = f"/api/lessons/{lesson.id}/quiz"
    empty = (await exam.teacher.api.get(url)).json()
    assert (empty["quiz_id"], empty["revision"], empty["content"]["questions"]) == (None, 0, [])
    questions = [{"kind": "text", "text": "Capital?", "accepted": ["Rome"]}]
    saved = await exam.teacher.api.put(url, json={"content": {"questions": questions}, "revision": 0})
    assert saved.status_code == 200
    assert saved.json()["content"]["questions"][0]["id"]
    stale = await exam.teacher.api.put(url, json={"content": {"questions": []}, "revision": 0})
    assert stale.status_code == 409
    assert (await exam.teacher.api.get(url)).json() == saved.json()


async def test_wrong_question_is_named_and_nothing_is_saved(exam: Exam) -> None:
    wrong = msgspec.to_builtins(CONTENT)
    wrong["questions"][2]["accepted"] = ["about three"]
    refused = await exam.teacher.api.put(exam.url, json={"content": wrong})
    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["questions.2.accepted"])
    saved = (await exam.teacher.api.get(exam.url)).json()
    assert msgspec.convert(saved["content"], QuizContent) == CONTENT


async def test_import_is_whole_or_not_at_all(exam: Exam) -> None:
    where = f"{exam.url}/import"
    told = (await exam.teacher.api.post(where, json={"format": "gift", "text": GIFT})).json()
    assert told["imported"] == 0
    assert told["faults"] == [{"line": 3, "name": "Match", "reason": "Matching questions are not supported."}]
    assert len((await exam.teacher.api.get(exam.url)).json()["content"]["questions"]) == 5
    left_out = {"format": "gift", "text": GIFT, "leave_out": True}
    assert (await exam.teacher.api.post(where, json=left_out)).json()["imported"] == 2
    after = (await exam.teacher.api.get(exam.url)).json()
    assert [question["text"] for question in after["content"]["questions"][5:]] == ["Sky?", "Two?"]
    stale = left_out | {"revision": 1}
    assert (await exam.teacher.api.post(where, json=stale)).status_code == 409
    assert (await exam.teacher.api.get(exam.url)).json() == after


@pytest.mark.parametrize("format_name", ["gift", "moodle_xml"])
async def test_export_can_be_imported(exam: Exam, world: World, format_name: str) -> None:
    file = await exam.teacher.api.get(f"{exam.url}/export?format={format_name}")
    assert file.headers["content-disposition"].startswith("attachment")
    lesson = await world.lesson(exam.course, "Copy", kind=LessonKind.QUIZ)
    url = f"/api/lessons/{lesson.id}/quiz"
    told = await exam.teacher.api.post(f"{url}/import", json={"format": format_name, "text": file.text})
    assert told.json() == {"imported": 5, "faults": []}
    copied = msgspec.convert((await exam.teacher.api.get(url)).json()["content"], QuizContent)

    def bare(questions: object) -> object:
        return [
            (q.kind, q.text, [(o.text, o.right, o.feedback) for o in q.options], q.accepted, q.tolerance)
            for q in msgspec.convert(questions, QuizContent).questions
        ]

    assert bare(msgspec.to_builtins(copied)) == bare(msgspec.to_builtins(CONTENT))


async def test_figures_need_five_learners_and_leave_out_previews_and_repetitions(
    exam: Exam, world: World, make_account: MakeAccount
) -> None:
    people = [await make_account("learner", f"l{number}@example.edu", f"L{number}") for number in range(5)]
    await world.enrol(exam.course, *people)

    async def attempt(number: int, **answers: list[str]) -> None:
        api = people[number].api
        opened = (await api.post(f"{exam.url}/attempts")).json()
        told = await api.post(f"{exam.url}/attempts/{opened['id']}/submit", json={"answers": answers})
        assert told.status_code == 200

    preview = await exam.open(exam.teacher)
    await exam.teacher.api.post(f"{exam.url}/attempts/{preview['id']}/submit", json={"answers": RIGHT})
    for number in range(4):
        await attempt(number, **(RIGHT if number < 2 else {"numeric": ["3.14"]}))
    await attempt(0, single=["blue"])  # the second attempt of the same learner
    figures = (await exam.teacher.api.get(f"{exam.url}/statistics")).json()["questions"]
    assert {item["asked"] for item in figures.values()} == {4}
    assert {item["difficulty"] for item in figures.values()} == {None}
    await attempt(4, single=["red"], numeric=["3.14"])
    figures = (await exam.teacher.api.get(f"{exam.url}/statistics")).json()["questions"]
    assert (figures["single"]["right"], figures["single"]["difficulty"]) == (3, 0.6)
    assert figures["single"]["discrimination"] > 0.5
    assert (figures["numeric"]["difficulty"], figures["numeric"]["discrimination"]) == (1.0, None)
    changed = msgspec.structs.replace(QUESTIONS[0], text="Which is the warm colour?")
    other = QuizContent(settings=CONTENT.settings, questions=(changed, *QUESTIONS[1:]))
    await exam.teacher.api.put(exam.url, json={"content": msgspec.to_builtins(other)})
    figures = (await exam.teacher.api.get(f"{exam.url}/statistics")).json()["questions"]
    assert "single" not in figures
    assert figures["text"]["asked"] == 5  # unchanged


async def test_deleted_lesson_takes_its_quiz_along_and_leaves_what_was_earned(exam: Exam) -> None:
    await exam.submit(await exam.open(), **RIGHT)
    assert (await exam.teacher.api.delete(f"/api/lessons/{exam.lesson.id}")).status_code == 204
    async with exam.database.read() as session:
        assert list(await session.scalars(select(QuizVersion.id))) == []
    assert len(await exam.facts()) == 4


async def test_video_is_no_use_to_a_quiz_lesson(exam: Exam) -> None:
    new = {"lesson_id": exam.lesson.id, "filename": "a.mp4"}
    refused = await exam.teacher.api.post("/api/video/upload/init", json=new)
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "This lesson takes no video. Make a video lesson for it.",
    )
    complete = await exam.learner.api.post(f"/api/lessons/{exam.lesson.id}/complete")
    assert complete.json()["detail"] == "This lesson is completed by passing its quiz."


async def test_lesson_is_made_as_a_quiz(exam: Exam) -> None:
    new = {"title": "Another", "kind": "quiz"}
    made = await exam.teacher.api.post(f"/api/courses/{exam.course.id}/lessons", json=new)
    assert (made.status_code, made.json()["kind"]) == (201, "quiz")
    wrong = await exam.teacher.api.post(
        f"/api/courses/{exam.course.id}/lessons", json=new | {"kind": "opera"}
    )
    assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["kind"])
