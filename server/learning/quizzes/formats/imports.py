"""Results of an import: the questions, and what could not be imported with its line. Pure."""

from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from itertools import count
from typing import Generic, TypeVar

import msgspec

from server.core.errors import Invalid
from server.learning.quizzes import checking
from server.learning.quizzes.model import Option, Question, QuestionKind
from storage.messages import N_, Message, message

NAME_LENGTH = 60  # characters that name a question in a list of faults

PARTIAL = N_("It gives part of the points for an answer, which is not supported.")
MATCHING = N_("Matching questions are not supported.")
ESSAY = N_("Questions with a free text as their answer are not supported.")
NO_ANSWERS = N_("It has no answers.")
TWO_RIGHT = N_("Several answers are right, but only one can be chosen.")
WILDCARD = N_("It accepts texts with an asterisk for any text, which is not supported.")
TOLERANCES = N_("Its right answers have different tolerances.")
MEDIA = N_("It contains a picture or other media, which are not imported.")
NOT_A_NUMBER = N_("A right answer is not a number with a decimal point.")

Raw = TypeVar("Raw")


class Fault(msgspec.Struct, frozen=True):
    line: int  # of the question, from 1
    name: str
    reason: Message


class Imported(msgspec.Struct, frozen=True):
    questions: tuple[Question, ...] = ()
    faults: tuple[Fault, ...] = ()


class CannotImport(Exception):
    """One question that cannot be imported."""

    def __init__(self, reason: str | Message) -> None:
        self.reason = reason if isinstance(reason, Message) else message(reason)
        super().__init__(str(self.reason))


class RawQuestion(msgspec.Struct, Generic[Raw], frozen=True):
    """A question as it stands in the file."""

    line: int
    name: str
    source: Raw


def import_all(raw: Iterable[RawQuestion[Raw]], parse: Callable[[Raw], Question | None]) -> Imported:
    """Every question, or why it cannot be imported. `parse` returns None for what is no question."""
    questions, faults = [], []
    for one in raw:
        try:
            question = parse(one.source)
            if question is not None:
                questions.append(_checked(question))
        except CannotImport as error:
            faults.append(Fault(one.line, one.name[:NAME_LENGTH], error.reason))
    return Imported(tuple(questions), tuple(faults))


def _checked(question: Question) -> Question:
    """The question itself, if it can be saved as it is."""
    ids = count()
    try:
        checking.clean_question(question, lambda: str(next(ids)))
    except Invalid as problem:
        raise CannotImport(problem.message) from None
    return question


class WeightedAnswer(msgspec.Struct, frozen=True):
    """An answer with its percentage of the points, as both formats have it."""

    text: str
    weight: float
    feedback: str = ""


def choice(text: str, answers: list[WeightedAnswer], *, single: bool, feedback: str) -> Question:
    """A choice question. Percentages must be all or nothing, or equal shares. Raises CannotImport."""
    right = [answer.weight for answer in answers if answer.weight > 0]
    if not answers or not right:
        raise CannotImport(NO_ANSWERS)
    if single and len(right) > 1:
        raise CannotImport(TWO_RIGHT if min(right) > 99 else PARTIAL)
    if max(right) - min(right) > 1 or abs(sum(right) - 100) > 2:
        raise CannotImport(PARTIAL)
    return Question(
        kind=QuestionKind.SINGLE if single else QuestionKind.MULTIPLE,
        text=text,
        options=tuple(Option(a.text, right=a.weight > 0, feedback=a.feedback) for a in answers),
        feedback=feedback,
    )


def typed(kind: QuestionKind, text: str, answers: list[WeightedAnswer], feedback: str) -> Question:
    """A numeric or short-text question. Feedback of single answers becomes the question's, if it has none."""
    right = [answer for answer in answers if answer.weight > 0]
    if not right:
        raise CannotImport(NO_ANSWERS)
    if any(answer.weight < 99 for answer in right):
        raise CannotImport(PARTIAL)
    if kind is QuestionKind.TEXT and any("*" in answer.text for answer in right):
        raise CannotImport(WILDCARD)
    told = feedback or "\n".join(dict.fromkeys(a.feedback for a in right if a.feedback))
    return Question(kind=kind, text=text, accepted=tuple(a.text for a in right), feedback=told)


class _Text(HTMLParser):
    """Text of HTML: blocks and line breaks become lines."""

    BREAKS = frozenset(("p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre"))
    MEDIA = frozenset(("img", "audio", "video", "object", "embed", "iframe", "svg", "math", "canvas"))

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in self.MEDIA:
            raise CannotImport(MEDIA)
        if tag in self.BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(" ".join(data.split("\n")))


def text_of_html(html: str) -> str:
    """Plain text, a line for each paragraph. Raises CannotImport for pictures and other media."""
    lines = [" ".join(line.split()) for line in "".join(_Text(html).parts).split("\n")]
    return "\n".join(line for line in lines if line)
