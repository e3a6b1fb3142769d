"""Learner's pages of quizzes, as forms without script: attempt, review, and the lesson that holds them."""

from storage.states import LessonKind
from tests.fixtures.web import Account, HeldClock
from tests.integration.learning.quizzes.conftest import Exam, MakeExam
from tests.integration.pages.markup import faults, hidden
from tests.world.builder import World
from tests.world.quizzes import content

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
    for text in (
        "100",
        "Passed",
        "Like fire.",
        "Warm colours contain red.",
        "Right order",
        "1 of 1 point<",
        "To the course",
    ):
        assert text in review
    lesson = (await exam.learner.browser.get(exam.page)).text
    assert ("Attempt 1" in lesson, "Try again" in lesson) == (True, True)
    course = (await exam.learner.browser.get(f"/dashboard/courses/{exam.course.id}")).text
    assert "Course completed" in course
    assert ("quiz_perfect", exam.quiz.id) in await exam.facts()


async def test_a_passed_quiz_leads_on(exam: Exam, world: World) -> None:
    following = await world.lesson(exam.course, "Lenses")
    where = await begin(exam)
    await exam.learner.browser.post(where, data={"action": "submit"})
    failed = (await exam.learner.browser.get(where)).text
    assert "Next: Lenses" not in failed
    assert "Warm colours contain red." not in failed  # feedback that tells what is right
    where = await begin(exam)
    await exam.learner.browser.post(where, data=ANSWERS | {"action": "submit"})
    review = (await exam.learner.browser.get(where)).text
    assert f'href="/dashboard/courses/{exam.course.id}/lessons/{following.id}">Next: Lenses' in review


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
