"""Questions, settings and answers as they are typed into forms, without script. Pure."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from server.core.errors import Invalid, WrongFields
from server.core.text.merge import fingerprint
from server.core.web.forms import Form
from server.learning.quizzes import checking, numbers
from server.learning.quizzes.model import (
    CHOICES,
    Option,
    Question,
    QuestionKind,
    QuizContent,
    QuizSettings,
    ShowRight,
)
from server.learning.quizzes.schemas import QuestionView
from storage.messages import N_

SPARE_ROWS = 3  # empty ones below the options
FEWEST_ROWS = 4
PLACE_TWICE = N_("Give each line a place of its own.")


def mark_of(value: msgspec.Struct | Mapping[str, object] | None) -> str:
    """Fingerprint of what a form started from, to notice that somebody else saved it since."""
    return fingerprint(msgspec.json.encode(value, order="sorted").decode()) if value is not None else ""


def typed_question(form: Form, kind: QuestionKind, question_id: str) -> Question:
    """A question as it was typed. Raises Invalid with the fields of numbers that cannot be read, and with
    whatever else is wrong then."""
    found = WrongFields()
    numeric = kind is QuestionKind.NUMERIC
    typed = Question(
        id=question_id,
        kind=kind,
        text=form["text"],
        options=_options(form, kind),
        accepted=found.within(lambda: _accepted(form, kind)) or (),
        tolerance=(found.within(lambda: _number(form["tolerance"] or "0", "tolerance")) if numeric else "")
        or "0",
        points=float(found.within(lambda: _number(form["points"] or "1", "points")) or 1),
        feedback=form["feedback"],
        pool=form["pool"],
    )
    if found.wrong:
        found.within(lambda: checking.clean_question(typed, lambda: ""))
        found.raise_any()
    return typed


def _options(form: Form, kind: QuestionKind) -> tuple[Option, ...]:
    rows = range(checking.MOST_OPTIONS + SPARE_ROWS)
    return tuple(
        Option(
            id=form[f"id-{row}"],
            text=form[f"option-{row}"],
            right=form["right"] == str(row) if kind is QuestionKind.SINGLE else form.checked(f"right-{row}"),
            feedback=form[f"told-{row}"],
        )
        for row in rows
        if form[f"option-{row}"]
    )


def _accepted(form: Form, kind: QuestionKind) -> tuple[str, ...]:
    lines = [line.strip() for line in form["accepted"].splitlines() if line.strip()]
    if kind is QuestionKind.NUMERIC:
        return tuple(_number(line, "accepted") for line in lines)
    return tuple(lines)


def _number(text: str, field: str) -> str:
    try:
        return numbers.plain(numbers.parse_number(text))
    except Invalid as problem:
        raise Invalid(problem.message, fields={field: problem.message}) from None


def question_values(question: Question) -> dict[str, str]:
    """What fills the form of a question."""
    values = {
        "text": question.text,
        "points": f"{question.points:g}",
        "pool": question.pool,
        "feedback": question.feedback,
        "tolerance": question.tolerance,
        "accepted": "\n".join(_shown(question)),
    }
    for row, option in enumerate(question.options):
        values |= {f"id-{row}": option.id, f"option-{row}": option.text, f"told-{row}": option.feedback}
        if option.right and question.kind is QuestionKind.SINGLE:
            values["right"] = str(row)
        elif option.right:
            values[f"right-{row}"] = "on"
    return values


def _shown(question: Question) -> tuple[str, ...]:
    if question.kind is not QuestionKind.NUMERIC:
        return question.accepted
    return tuple(numbers.written(Decimal(text)) for text in question.accepted)


def rows_of(kind: QuestionKind, values: Mapping[str, str]) -> int:
    """How many rows for options a form shows."""
    if kind not in (*CHOICES, QuestionKind.ORDERING):
        return 0
    filled = [row for row in range(checking.MOST_OPTIONS) if values.get(f"option-{row}")]
    return min(checking.MOST_OPTIONS, max(FEWEST_ROWS, max(filled, default=-1) + 1 + SPARE_ROWS))


def typed_settings(form: Form, content: QuizContent) -> QuizContent:
    """The quiz with settings and pools as they were typed. Raises Invalid with every field that is wrong."""
    found = WrongFields()

    def whole(field: str, text: str, sentence: str) -> int | None:
        count: int | None = found.within(lambda: _whole(text, field, sentence))
        return count

    mark = whole("pass_mark", form["pass_mark"].removesuffix("%").strip(), checking.PASS_MARK)
    settings = QuizSettings(
        pass_mark=1 if mark is None else mark,
        minutes=whole("minutes", form["minutes"], checking.MINUTES) if form["minutes"] else None,
        attempts=whole("attempts", form["attempts"], checking.ATTEMPTS) if form["attempts"] else None,
        shuffle_questions=form.checked("shuffle_questions"),
        shuffle_options=form.checked("shuffle_options"),
        show_right=_show_right(form["show_right"]),
    )
    found.within(lambda: checking.clean_settings(settings))
    sizes, pools = checking.pool_sizes(content.questions), dict[str, int]()
    for number, name in enumerate(content.pools):
        count = whole(f"pool-{number}", form[f"pool-{number}"], checking.DRAWN)
        pools[name] = count or 0
        if not 1 <= pools[name] <= sizes.get(name, 0):
            found.refuse(f"pool-{number}", checking.DRAWN)
    found.raise_any()
    return msgspec.structs.replace(content, settings=settings, pools=pools)


def _show_right(text: str) -> ShowRight:
    return ShowRight(text) if text in list(ShowRight) else ShowRight.PASSED


def _whole(text: str, field: str, sentence: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Invalid(sentence, fields={field: sentence})
    return int(text)


def settings_values(content: QuizContent) -> dict[str, str]:
    settings = content.settings
    values = {
        "pass_mark": str(settings.pass_mark),
        "minutes": str(settings.minutes or ""),
        "attempts": str(settings.attempts or ""),
        "show_right": str(settings.show_right),
        **{f"pool-{number}": str(count) for number, count in enumerate(content.pools.values())},
    }
    values |= {"shuffle_questions": "on"} if settings.shuffle_questions else {}
    return values | ({"shuffle_options": "on"} if settings.shuffle_options else {})


def typed_answers(form: Form, questions: list[QuestionView]) -> dict[str, list[str]]:
    """Answers of an attempt's form. Raises Invalid beside an ordering with a place given twice."""
    answers: dict[str, list[str]] = {}
    twice: dict[str, str] = {}
    for question in questions:
        ids = [option.id for option in question.options]
        match question.kind:
            case QuestionKind.MULTIPLE:
                answers[question.id] = [option for option in ids if form.checked(f"a-{question.id}-{option}")]
            case QuestionKind.ORDERING:
                places = {option: form[f"a-{question.id}-{option}"] for option in ids}
                given = [place for place in places.values() if place]
                if len(given) == len(ids) == len(set(given)):
                    answers[question.id] = sorted(ids, key=lambda option: places[option].zfill(3))
                elif given:
                    twice[question.id] = PLACE_TWICE
            case _:
                answers[question.id] = [form[f"a-{question.id}"]] if form[f"a-{question.id}"] else []
    if twice:
        raise Unplaced(answers, twice)
    return answers


class Unplaced(Invalid):
    """An ordering that is not one yet. `answers` are those of the other questions."""

    def __init__(self, answers: dict[str, list[str]], fields: Mapping[str, str]) -> None:
        super().__init__(PLACE_TWICE, fields=fields)
        self.answers = answers


def answer_values(questions: list[QuestionView]) -> dict[str, str]:
    """What fills the form of an attempt: the saved answers."""
    values: dict[str, str] = {}
    for question in questions:
        match question.kind:
            case QuestionKind.MULTIPLE:
                values |= {f"a-{question.id}-{option}": "on" for option in question.given}
            case QuestionKind.ORDERING:
                values |= {f"a-{question.id}-{o}": str(n) for n, o in enumerate(question.given, start=1)}
            case _:
                values[f"a-{question.id}"] = question.given[0] if question.given else ""
    return values
