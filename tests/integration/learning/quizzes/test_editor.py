"""Editor of a quiz, as forms without script: its questions, their order, its settings, and import."""

from typing import Any

import msgspec
import pytest

from server.learning.quizzes.model import QuizContent
from tests.integration.learning.quizzes.conftest import Exam, MakeExam
from tests.integration.pages.markup import Page, faults, hidden
from tests.world.quizzes import QUESTIONS


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


@pytest.mark.parametrize(
    "typed",
    [
        {"pass_mark": "much", "minutes": "soon", "attempts": "1.5", "pool-0": "all"},
        {"pass_mark": "101", "minutes": "0", "attempts": "1001", "pool-0": "3"},
        {"pass_mark": "101", "minutes": "soon", "attempts": "0", "pool-0": ""},
    ],
)
async def test_all_wrong_settings_are_told_at_once_beside_their_fields(
    make_exam: MakeExam, typed: dict[str, str]
) -> None:
    pooled = tuple(msgspec.structs.replace(QUESTIONS[0], id=name, pool="P") for name in "ab")
    exam = await make_exam(QuizContent(questions=pooled, pools={"P": 1}))
    before = hidden((await exam.teacher.browser.get(exam.editor)).text)["before"]
    refused = await exam.teacher.browser.post(exam.editor, data={"before": before, **typed})
    assert refused.status_code == 422
    for name in typed:
        assert f'id="field-{name}-error"' in refused.text, name


async def test_all_wrong_fields_of_a_question_are_told_at_once(exam: Exam) -> None:
    action, fields = await new_question(exam, "numeric")
    typed = {"text": "", "accepted": "soon", "tolerance": "some", "points": "none", "feedback": "x" * 2001}
    refused = await exam.teacher.browser.post(action, data=fields | typed)
    assert refused.status_code == 422
    for name in typed:
        assert f"field-{name}-error" in refused.text, name


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
