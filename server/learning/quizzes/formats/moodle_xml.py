"""Moodle XML (docs.moodle.org, "Moodle XML format"): reading and writing questions. Pure.

Parsed with expat itself, which tells the line of each question. Document types and entities are refused as
soon as they begin, so that no entity is ever expanded (tests: nested entities, external ones).
"""

import xml.parsers.expat
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec

from server.core.errors import Invalid
from server.learning.quizzes.formats.imports import (
    NO_ANSWERS,
    NOT_A_NUMBER,
    TOLERANCES,
    CannotImport,
    Imported,
    RawQuestion,
    WeightedAnswer,
    choice,
    import_all,
    text_of_html,
    typed,
)
from server.learning.quizzes.model import Option, Question, QuestionKind
from storage.messages import N_, message

NOT_XML = N_("Line %(line)s is not well-formed XML.")
DOCTYPE = N_("The file declares a document type or entities, which is refused.")
NOT_A_QUIZ = N_("This is not a Moodle XML file: its outermost element is not “quiz”.")
EMPTY = N_("The file has no questions in it.")
USECASE = N_("It distinguishes capital letters, which is not supported.")
KIND = N_("Questions of the kind “%(kind)s” are not supported.")
DEEPEST = 40  # elements inside one another


class Element:
    def __init__(self, tag: str, attributes: dict[str, str], line: int) -> None:
        self.tag, self.attributes, self.line = tag, attributes, line
        self.children: list[Element] = []
        self.text = ""

    def all(self, tag: str) -> list["Element"]:
        return [child for child in self.children if child.tag == tag]

    def first(self, tag: str) -> "Element | None":
        return next(iter(self.all(tag)), None)

    def value(self, tag: str, default: str = "") -> str:
        found = self.first(tag)
        return found.text.strip() if found else default


class _Refused(Exception):
    pass


class _Tree:
    def __init__(self, text: str) -> None:
        self.top = Element("", {}, 0)
        self._open = [self.top]
        self._parser = xml.parsers.expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse
        self._parser.ExternalEntityRefHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data
        self._parser.Parse(text.encode("utf-8", "replace"), True)

    def _refuse(self, *_: Any) -> int:
        raise _Refused

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) > DEEPEST:
            raise _Refused
        element = Element(tag, attributes, self._parser.CurrentLineNumber)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _tag: str) -> None:
        self._open.pop()

    def _data(self, text: str) -> None:
        self._open[-1].text += text


def read(text: str) -> Imported:
    """Questions of a Moodle XML file. Raises Invalid when it is none."""
    try:
        top = _Tree(text.lstrip("\ufeff \t\r\n")).top
    except _Refused:
        raise Invalid(DOCTYPE, fields={"text": DOCTYPE}) from None
    except xml.parsers.expat.ExpatError as error:
        told = message(NOT_XML, line=error.lineno)
        raise Invalid(told, fields={"text": told}) from None
    quiz = top.first("quiz")
    if quiz is None:
        raise Invalid(NOT_A_QUIZ, fields={"text": NOT_A_QUIZ})
    raw = [RawQuestion(one.line, _name(one), one) for one in quiz.all("question")]
    imported = import_all([one for one in raw if one.source.attributes.get("type") != "category"], _parse)
    if not imported.questions and not imported.faults:
        raise Invalid(EMPTY, fields={"text": EMPTY})
    return imported


def _name(question: Element) -> str:
    named = question.first("name")
    return named.value("text") if named else question.attributes.get("type", "")


def _parse(question: Element) -> Question:
    kind = question.attributes.get("type", "")
    parse = PARSERS.get(kind)
    if parse is None:
        raise CannotImport(message(KIND, kind=kind))
    parsed = parse(
        question, _content(question.first("questiontext")), _content(question.first("generalfeedback"))
    )
    return msgspec.structs.replace(parsed, points=_points(question))


def _content(holder: Element | None) -> str:
    """Text of an element with a format. Raises CannotImport for pictures."""
    if holder is None:
        return ""
    inner = holder.first("text")
    text = (inner or holder).text
    if holder.attributes.get("format", "html") in ("html", "moodle_auto_format"):
        return text_of_html(text)
    return text.strip()


def _points(question: Element) -> float:
    try:
        return round(float(question.value("defaultgrade", "1")), 2)
    except ValueError:
        return 1.0


def _answers(question: Element) -> list[tuple[Element, WeightedAnswer]]:
    return [
        (answer, WeightedAnswer(_content(answer), _fraction(answer), _content(answer.first("feedback"))))
        for answer in question.all("answer")
    ]


def _fraction(answer: Element) -> float:
    try:
        return float(answer.attributes.get("fraction", "0"))
    except ValueError:
        raise CannotImport(NO_ANSWERS) from None


def _choice(question: Element, text: str, feedback: str) -> Question:
    answers = [answer for _, answer in _answers(question)]
    single = question.value("single", "true") in ("true", "1")
    return choice(text, answers, single=single, feedback=feedback)


def _truth(question: Element, text: str, feedback: str) -> Question:
    answers = [msgspec.structs.replace(a, text=a.text.capitalize()) for _, a in _answers(question)]
    return choice(text, answers, single=True, feedback=feedback)


def _short(question: Element, text: str, feedback: str) -> Question:
    if question.value("usecase") == "1":
        raise CannotImport(USECASE)
    return typed(QuestionKind.TEXT, text, [answer for _, answer in _answers(question)], feedback)


def _numerical(question: Element, text: str, feedback: str) -> Question:
    right = [(element, answer) for element, answer in _answers(question) if answer.weight > 0]
    tolerances = {_decimal(element.value("tolerance") or "0") for element, _ in right}
    if len(tolerances) > 1:
        raise CannotImport(TOLERANCES)
    answers = [msgspec.structs.replace(answer, text=str(_decimal(answer.text))) for _, answer in right]
    parsed = typed(QuestionKind.NUMERIC, text, answers, feedback)
    return msgspec.structs.replace(parsed, tolerance=str(tolerances.pop()))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise CannotImport(NOT_A_NUMBER) from None


def _ordering(question: Element, text: str, feedback: str) -> Question:
    """Moodle's ordering plug-in: the fraction of an answer is its place."""
    answers = sorted((answer for _, answer in _answers(question)), key=lambda answer: answer.weight)
    options = tuple(Option(answer.text) for answer in answers)
    return Question(kind=QuestionKind.ORDERING, text=text, options=options, feedback=feedback)


PARSERS = {
    "multichoice": _choice,
    "truefalse": _truth,
    "shortanswer": _short,
    "numerical": _numerical,
    "ordering": _ordering,
}
TYPES = {
    QuestionKind.SINGLE: "multichoice",
    QuestionKind.MULTIPLE: "multichoice",
    QuestionKind.TEXT: "shortanswer",
    QuestionKind.NUMERIC: "numerical",
    QuestionKind.ORDERING: "ordering",
}


def write(questions: tuple[Question, ...]) -> str:
    """Moodle XML of the questions. Pools are lost: Moodle has none in this format."""
    return "\n".join(
        ('<?xml version="1.0" encoding="UTF-8"?>', "<quiz>", *(_written(q) for q in questions), "</quiz>", "")
    )


def _written(question: Question) -> str:
    name = " ".join(question.text.split())[:60]
    parts = [
        f"<name>{_text(name)}</name>",
        f'<questiontext format="plain_text">{_text(question.text)}</questiontext>',
        f'<generalfeedback format="plain_text">{_text(question.feedback)}</generalfeedback>',
        f"<defaultgrade>{question.points:.2f}</defaultgrade>",
        *_settings(question),
        *_written_answers(question),
    ]
    inside = "\n".join(f"  {part}" for part in parts)
    return f"<question type={quoteattr(TYPES[question.kind])}>\n{inside}\n</question>"


def _settings(question: Question) -> list[str]:
    match question.kind:
        case QuestionKind.SINGLE | QuestionKind.MULTIPLE:
            single = "true" if question.kind is QuestionKind.SINGLE else "false"
            return [f"<single>{single}</single>", "<shuffleanswers>1</shuffleanswers>"]
        case QuestionKind.TEXT:
            return ["<usecase>0</usecase>"]
        case _:
            return []


def _written_answers(question: Question) -> list[str]:
    if question.accepted:
        tolerance = (
            f"<tolerance>{question.tolerance}</tolerance>" if question.kind is QuestionKind.NUMERIC else ""
        )
        return [_answer(text, "100", inside=tolerance) for text in question.accepted]
    if question.kind is QuestionKind.ORDERING:
        return [_answer(option.text, f"{place}.0") for place, option in enumerate(question.options, start=1)]
    weight = 100 / sum(option.right for option in question.options)
    wrong = 0 if question.kind is QuestionKind.SINGLE else -weight
    return [
        _answer(option.text, f"{weight if option.right else wrong:.5f}", feedback=option.feedback)
        for option in question.options
    ]


def _answer(text: str, fraction: str, *, feedback: str = "", inside: str = "") -> str:
    told = f'<feedback format="plain_text">{_text(feedback)}</feedback>' if feedback else ""
    return f'<answer fraction="{fraction}" format="plain_text">{_text(text)}{told}{inside}</answer>'


def _text(text: str) -> str:
    return f"<text>{escape(text)}</text>"
