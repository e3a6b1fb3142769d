"""Pages of quizzes, as forms without script: editor, attempt, review, and the lesson that holds them."""

from typing import Any

import pytest

from server.learning.quizzes.model import QuizContent
from storage.states import LessonKind
from tests.fixtures.web import Account, HeldClock
from tests.integration.learning.quizzes.conftest import Exam, MakeExam
from tests.integration.pages.markup import Page, faults
from tests.world.builder import World
from tests.world.quizzes import QUESTIONS, content

ANSWERS = {
    "a-single": "red",
    "a-multiple-two": "on",
    "a-multiple-three": "on",
    "a-numeric": "3,14",
    "a-text": "hannover",
    "a-ordering-ant": "1",
    "a-ordering-cat": "2",
    "a-ordering-cow": "3",
}


def hidden(html: str) -> dict[str, str]:
    """Values of the hidden fields of a page."""
    fields = [
        field.attributes for field in Page(html).all("input") if field.attributes.get("type") == "hidden"
    ]
    return {field["name"]: field.get("value", "") for field in fields}


async def begin(exam: Exam, who: Account | None = None) -> str:
    """Path of the page of an attempt that was begun by the button on the lesson's page."""
    browser = (who or exam.learner).browser
    lesson = (await browser.get(exam.page)).text
    assert faults(lesson) == []
    assert f'action="{exam.page}/quiz"' in lesson
    begun = await browser.post(f"{exam.page}/quiz")
    assert begun.status_code == 303
    where: str = begun.headers["location"]
    return where


async def test_learner_passes_without_script(exam: Exam) -> None:
    where = await begin(exam)
    form = await exam.learner.browser.get(where)
    assert faults(form.text) == []
    assert "Like fire." not in form.text
    submitted = await exam.learner.browser.post(where, data=ANSWERS | {"action": "submit"})
    assert (submitted.status_code, submitted.headers["location"]) == (303, where)
    review = (await exam.learner.browser.get(where)).text
    assert faults(review) == []
    for text in ("100", "Passed", "Like fire.", "Warm colours contain red.", "Right order"):
        assert text in review
    lesson = (await exam.learner.browser.get(exam.page)).text
    assert ("Attempt 1" in lesson, "Try again" in lesson) == (True, True)
    course = (await exam.learner.browser.get(f"/dashboard/courses/{exam.course.id}")).text
    assert "Course completed" in course
    assert ("quiz_perfect", exam.quiz.id) in await exam.facts()


async def test_answers_can_be_saved_and_gone_on_with(exam: Exam) -> None:
    where = await begin(exam)
    saved = await exam.learner.browser.post(where, data={"a-text": "Rome", "action": "save"})
    assert saved.status_code == 303
    lesson = (await exam.learner.browser.get(exam.page)).text
    assert "Go on with the attempt" in lesson
    assert await begin(exam) == where
    assert 'value="Rome"' in (await exam.learner.browser.get(where)).text


async def test_unclear_answers_are_shown_again_with_everything_typed(exam: Exam) -> None:
    where = await begin(exam)
    unclear = ANSWERS | {"a-numeric": "3,140", "action": "submit"}
    answer = await exam.learner.browser.post(where, data=unclear)
    assert answer.status_code == 422
    assert faults(answer.text) == []
    assert "can be read as 3.140 or as 3140" in answer.text
    assert 'value="3,140"' in answer.text
    twice = ANSWERS | {"a-ordering-cat": "1", "action": "submit"}
    answer = await exam.learner.browser.post(where, data=twice)
    assert (answer.status_code, "Give each line a place of its own." in answer.text) == (422, True)
    kept = (await exam.learner.browser.get(where)).text
    assert 'value="3,14"' in kept  # the other answers of the refused form are saved
    assert await exam.facts() == []


async def test_form_after_the_time_says_so(make_exam: MakeExam, held_clock: HeldClock) -> None:
    exam = await make_exam(content(minutes=5))
    where = await begin(exam)
    assert "Submit by" in (await exam.learner.browser.get(where)).text
    held_clock.advance(minutes=6)
    answer = await exam.learner.browser.post(where, data=ANSWERS | {"action": "submit"})
    assert answer.status_code == 303
    review = (await exam.learner.browser.get(where)).text
    assert "The time was up." in review
    assert "Not answered" in review


async def test_text_typed_without_a_session_comes_back(exam: Exam) -> None:
    where = await begin(exam)
    values = {"a-text": "Rome", "kept_restore": "1", "action": "submit"}
    shown = await exam.learner.browser.post(where, data=values)
    assert (shown.status_code, 'value="Rome"' in shown.text) == (200, True)
    assert await exam.facts() == []


async def new_question(exam: Exam, kind: str) -> tuple[str, dict[str, str]]:
    """Action and hidden fields of the form of a new question."""
    page = await exam.teacher.browser.get(f"{exam.editor}/questions/new?kind={kind}")
    assert faults(page.text) == []
    (form,) = [
        form for form in Page(page.text).all("form") if "/questions/" in form.attributes.get("action", "")
    ]
    return form.attributes["action"], hidden(page.text)


@pytest.mark.parametrize(
    ("kind", "typed", "count"),
    [
        ("single", {"option-0": "yes", "option-1": "no", "right": "0", "told-0": "Good."}, 2),
        (
            "multiple",
            {"option-0": "a", "option-2": "b", "option-3": "c", "right-0": "on", "right-3": "on"},
            3,
        ),
        ("ordering", {"option-0": "1st", "option-1": "2nd"}, 2),
        ("numeric", {"accepted": "3,14\r\n1.234,5", "tolerance": "0,5", "points": "2,5"}, 0),
        ("text", {"accepted": "Rome\r\nRoma"}, 0),
    ],
)
async def test_instructor_writes_questions(
    make_exam: MakeExam, kind: str, typed: dict[str, str], count: int
) -> None:
    exam = await make_exam(QuizContent())
    action, fields = await new_question(exam, kind)
    for _ in range(2):  # submitted twice, it is one question
        saved = await exam.teacher.browser.post(
            action, data=fields | {"text": "Well?", "feedback": "F"} | typed
        )
        assert saved.status_code == 303, saved.text
    (question,) = (await exam.teacher.api.get(exam.url)).json()["content"]["questions"]
    assert (question["kind"], question["text"], len(question["options"])) == (kind, "Well?", count)
    if kind == "numeric":
        assert (question["accepted"], question["tolerance"], question["points"]) == (
            ["3.14", "1234.5"],
            "0.5",
            2.5,
        )
    edited = await exam.teacher.browser.get(action)
    assert faults(edited.text) == []
    shown = {**hidden(edited.text), "kind": kind, "text": "Changed?", "points": "1"} | typed
    assert (await exam.teacher.browser.post(action, data=shown)).status_code == 303
    (question,) = (await exam.teacher.api.get(exam.url)).json()["content"]["questions"]
    assert question["text"] == "Changed?"


@pytest.mark.parametrize(
    ("kind", "typed", "told"),
    [
        ("single", {"option-0": "yes", "option-1": "no"}, "Mark exactly one answer as right."),
        ("single", {"option-0": "yes", "right": "0"}, "Give at least two answers"),
        ("numeric", {"accepted": "1,234"}, "can be read as 1.234 or as 1234"),
        ("numeric", {"accepted": "1", "tolerance": "wide"}, "is not a number"),
        ("text", {"accepted": ""}, "Give at least one right answer"),
    ],
)
async def test_wrong_question_is_shown_again(exam: Exam, kind: str, typed: dict[str, str], told: str) -> None:
    action, fields = await new_question(exam, kind)
    answer = await exam.teacher.browser.post(action, data=fields | {"text": "My <text>?"} | typed)
    assert answer.status_code == 422
    assert faults(answer.text) == []
    assert told in answer.text
    assert "My &lt;text&gt;?" in answer.text


async def test_two_instructors_edit_one_question(exam: Exam) -> None:
    action = f"{exam.editor}/questions/text"
    opened = hidden((await exam.teacher.browser.get(action)).text)
    typed = opened | {"text": "Mine?", "accepted": "Rome", "points": "1"}
    await exam.teacher.browser.post(
        action, data=opened | {"text": "Theirs?", "accepted": "Rome", "points": "1"}
    )
    refused = await exam.teacher.browser.post(action, data=typed)
    assert (refused.status_code, "saved meanwhile" in refused.text, "Mine?" in refused.text) == (
        409,
        True,
        True,
    )
    saved = (await exam.teacher.api.get(exam.url)).json()["content"]["questions"]
    assert [question["text"] for question in saved if question["id"] == "text"] == ["Theirs?"]
    again = typed | {"before": hidden(refused.text)["before"]}
    assert (await exam.teacher.browser.post(action, data=again)).status_code == 303


async def test_questions_are_moved_and_deleted(exam: Exam) -> None:
    async def ids() -> list[str]:
        saved: dict[str, Any] = (await exam.teacher.api.get(exam.url)).json()
        return [question["id"] for question in saved["content"]["questions"]]

    browser = exam.teacher.browser
    await browser.post(f"{exam.editor}/move", data={"question": "text", "to": "up"})
    assert await ids() == ["single", "multiple", "text", "numeric", "ordering"]
    for _ in range(2):
        await browser.post(f"{exam.editor}/delete", data={"question": "text"})
    assert await ids() == ["single", "multiple", "numeric", "ordering"]
    page = (await browser.get(exam.editor)).text
    assert faults(page) == []
    assert "Discrimination: –" in page


async def test_settings_are_saved_and_refused_beside_their_field(exam: Exam) -> None:
    browser = exam.teacher.browser
    fields = {"before": hidden((await browser.get(exam.editor)).text)["before"], "show_right": "never"}
    wrong = fields | {"pass_mark": "60", "minutes": "soon"}
    refused = await browser.post(exam.editor, data=wrong)
    assert (refused.status_code, 'value="soon"' in refused.text) == (422, True)
    assert faults(refused.text) == []
    right = fields | {"pass_mark": "75 %", "minutes": "20", "attempts": "3", "shuffle_options": "on"}
    assert (await browser.post(exam.editor, data=right)).status_code == 303
    settings = (await exam.teacher.api.get(exam.url)).json()["content"]["settings"]
    assert settings == {
        "pass_mark": 75,
        "minutes": 20,
        "attempts": 3,
        "shuffle_questions": False,
        "shuffle_options": True,
        "show_right": "never",
    }
    assert (await browser.post(exam.editor, data=right | {"pass_mark": "80"})).status_code == 409


async def test_import_tells_each_fault_and_keeps_the_text(exam: Exam) -> None:
    browser = exam.teacher.browser
    text = "One?{T}\n\nMatch {=a -> 1}\n"
    version = hidden((await browser.get(exam.editor)).text)["version"]
    fields = {"version": version, "format": "gift"}
    told = await browser.post(f"{exam.editor}/import", data=fields, files={"file": ("q.txt", text.encode())})
    assert told.status_code == 422
    assert faults(told.text) == []
    assert "Line 3, “Match”:" in told.text
    assert "Match {=a -&gt; 1}" in told.text
    imported = await browser.post(f"{exam.editor}/import", data=fields | {"text": text, "leave_out": "on"})
    assert imported.status_code == 303
    again = await browser.post(f"{exam.editor}/import", data=fields | {"text": text, "leave_out": "on"})
    assert again.status_code == 409
    assert len((await exam.teacher.api.get(exam.url)).json()["content"]["questions"]) == len(QUESTIONS) + 1
    binary = await browser.post(f"{exam.editor}/import", data=fields, files={"file": ("q", b"\xff\xfe")})
    assert (binary.status_code, "not a text in UTF-8" in binary.text) == (422, True)


async def test_quiz_lesson_has_no_player_and_no_upload(exam: Exam) -> None:
    for path, account in ((exam.page, exam.learner), (exam.editor.removesuffix("/quiz"), exam.teacher)):
        page = (await account.browser.get(path)).text
        assert faults(page) == []
        assert ("data-lecture-player" in page, "data-upload" in page) == (False, False)
    made = await exam.teacher.browser.post(
        f"/teach/courses/{exam.course.id}/lessons", data={"title": "Second test", "kind": LessonKind.QUIZ}
    )
    page = (await exam.teacher.browser.get(made.headers["location"])).text
    assert "Edit the questions" in page
    editor = await exam.teacher.browser.get(f"{made.headers['location']}/quiz")
    assert (editor.status_code, faults(editor.text)) == (200, [])


async def test_questions_in_a_video(exam: Exam, world: World) -> None:
    lesson = await world.lesson(exam.course, "Film")
    await world.video(lesson, seconds=300)
    teach = f"/teach/courses/{exam.course.id}/lessons/{lesson.id}"
    browser = exam.teacher.browser
    refused = await browser.post(f"{teach}/quiz/pin", data={"moment": "later"})
    assert refused.headers["location"] == teach
    pinned = await browser.post(f"{teach}/quiz/pin", data={"moment": "1:02,5"})
    assert pinned.headers["location"] == f"{teach}/quiz?at=62.5"
    text = "Sky?{=blue ~green}"
    added = await browser.post(f"{teach}/quiz/import?at=62.5", data={"format": "gift", "text": text})
    assert added.headers["location"] == f"{teach}/quiz?at=62.5"
    editor = (await browser.get(f"{teach}/quiz?at=62.5")).text
    assert faults(editor) == []
    assert '<details class="dialog" id="remove-quiz" data-dialog>' in editor  # asks before it deletes answers
    assert faults((await browser.get(teach)).text) == []
    page = f"/dashboard/courses/{exam.course.id}/lessons/{lesson.id}"
    shown = (await exam.learner.browser.get(page)).text
    assert faults(shown) == []
    assert "&#34;moment&#34;:62.5,&#34;answered&#34;:false" in shown
    quiz = next(value for name, value in hidden(shown).items() if name == "quiz")
    begun = await exam.learner.browser.post(f"{page}/quiz", data={"quiz": quiz})
    answer = await exam.learner.browser.post(begun.headers["location"], data={"action": "submit"})
    assert answer.status_code == 303
    assert "&#34;answered&#34;:true" in (await exam.learner.browser.get(page)).text
    removed = await browser.post(f"{teach}/quiz/remove?at=62.5")
    assert removed.status_code == 303
    assert "data-quiz-stops" not in (await exam.learner.browser.get(page)).text
