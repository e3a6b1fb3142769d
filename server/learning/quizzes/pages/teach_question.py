"""Instructor's form of a question, and its place in the quiz."""

from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.core.errors import Conflict, NotFound, Problem
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.learning.quizzes import checking
from server.learning.quizzes.model import Question, QuestionKind, QuizContent
from server.learning.quizzes.pages import forms
from server.learning.quizzes.pages.teach import CHANGED, KINDS, QUIZ, Desk, desk
from server.library.rules import moved
from storage.database.base import new_id
from storage.messages import N_

NO_QUESTION = N_("There is no such question. It may have been deleted meanwhile.")
STEPS = {"up": -1, "down": 1}


def _found(content: QuizContent, question_id: str) -> Question | None:
    return next((question for question in content.questions if question.id == question_id), None)


@get("/questions/new")
async def new(desk: NamedDependency[Desk], kind: FromQuery[str] = "single") -> Template:
    """A new question has its id from here on: submitted twice, it is still one question."""
    await desk.saved()
    return await _page(desk, new_id(), _kind(kind), Form({"points": "1", "tolerance": "0"}))


def _kind(text: str) -> QuestionKind:
    return QuestionKind(text) if text in list(QuestionKind) else QuestionKind.SINGLE


@get("/questions/{question_id:str}")
async def edit(desk: NamedDependency[Desk], question_id: FromPath[str]) -> Template:
    question = _found((await desk.saved()).content, question_id)
    if question is None:
        raise NotFound(NO_QUESTION)
    values = forms.question_values(question) | {"before": forms.mark_of(question)}
    return await _page(desk, question_id, question.kind, Form(values))


@post("/questions/{question_id:str}")
async def save(desk: NamedDependency[Desk], question_id: FromPath[str]) -> Response[Any]:
    await desk.saved()
    form = await Form.read(desk.request)
    kind = _kind(form["kind"])
    if form.restored:
        return await _page(desk, question_id, kind, form)

    def change(content: QuizContent) -> QuizContent:
        typed, before = forms.typed_question(form, kind, question_id), _found(content, question_id)
        if before is None and not form["before"]:
            return _with(content, typed)
        if before is not None and _is_same(typed, before):  # submitted twice
            return content
        if forms.mark_of(before) != form["before"]:
            raise Conflict(CHANGED)
        return _with(content, typed)

    try:
        await desk.save(change)
    except Problem as problem:
        return await _page(desk, question_id, kind, await _again(desk, question_id, form, problem))
    return redirect(f"{desk.here}#question-{question_id}", _("Saved."), saved=form[KEY])


def _is_same(typed: Question, saved: Question) -> bool:
    """Whether a form would save what is saved already. Ids of new options are made with the first save."""
    cleaned = checking.clean_question(typed, new_id)
    return _without_ids(cleaned) == _without_ids(saved)


def _without_ids(question: Question) -> Question:
    options = tuple(msgspec.structs.replace(option, id="") for option in question.options)
    return msgspec.structs.replace(question, options=options)


def _with(content: QuizContent, typed: Question) -> QuizContent:
    """The question in its place, a new one at the end."""
    if _found(content, typed.id) is None:
        return msgspec.structs.replace(content, questions=(*content.questions, typed))
    replaced = tuple(typed if question.id == typed.id else question for question in content.questions)
    return _fitted(content, replaced)


def _fitted(content: QuizContent, questions: tuple[Question, ...]) -> QuizContent:
    """The quiz with these questions; no pool draws more than it has left."""
    sizes = {name: sum(question.pool == name for question in questions) for name in content.pools}
    pools = {name: min(count, sizes[name]) for name, count in content.pools.items() if sizes[name]}
    return msgspec.structs.replace(content, questions=questions, pools=pools)


async def _again(desk: Desk, question_id: str, form: Form, problem: Problem) -> Form:
    fields = {name.rpartition(".")[2]: told for name, told in problem.fields.items()}
    problem.fields = fields
    refused = form.refused(problem)
    if refused.status != 409:
        return refused
    now = _found((await desk.saved()).content, question_id)
    return msgspec.structs.replace(refused, values={**refused.values, "before": forms.mark_of(now)})


async def _page(desk: Desk, question_id: str, kind: QuestionKind, form: Form) -> Template:
    return await desk.page(
        "quizzes/question.html",
        form,
        question_id=question_id,
        kind=str(kind),
        kind_title=dict(KINDS)[kind],
        rows=forms.rows_of(kind, form.values),
        restored=form.restored,
    )


@post("/move")
async def move(desk: NamedDependency[Desk]) -> Redirect:
    """Form fields `question`, and `to`: up or down."""
    await desk.saved()
    form = await Form.read(desk.request)
    question_id, step = form["question"], STEPS.get(form["to"], 0)

    def change(content: QuizContent) -> QuizContent:
        ids = [question.id for question in content.questions]
        if question_id not in ids:
            raise NotFound(NO_QUESTION)
        by_id = {question.id: question for question in content.questions}
        order = moved(ids, question_id, ids.index(question_id) + step)
        return msgspec.structs.replace(content, questions=tuple(by_id[key] for key in order))

    await desk.save(change)
    return redirect(f"{desk.here}#question-{question_id}")


@post("/delete")
async def delete(desk: NamedDependency[Desk]) -> Redirect:
    """Form field `question`. Deleting one that is gone already changes nothing."""
    await desk.saved()
    question_id = (await Form.read(desk.request))["question"]

    def change(content: QuizContent) -> QuizContent:
        return _fitted(content, tuple(q for q in content.questions if q.id != question_id))

    await desk.save(change)
    return redirect(f"{desk.here}#questions", _("The question is deleted."), "info")


ROUTES: list[ControllerRouterHandler] = [
    Router(
        QUIZ,
        route_handlers=[new, edit, save, move, delete],
        dependencies={"desk": Provide(desk)},
    )
]
