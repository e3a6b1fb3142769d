"""GIFT, Moodle's text format of questions (docs.moodle.org, "GIFT format"): reading and writing. Pure.

It has neither points nor pools: they are written as comments. Orderings are written as Moodle's ordering
plug-in does.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

import msgspec

from server.core.errors import Invalid
from server.learning.quizzes.formats.imports import (
    ESSAY,
    MATCHING,
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
from storage.messages import N_

EMPTY = N_("The text has no questions in it.")
UNCLOSED = N_("An opening brace has no closing one, or answers stand outside of braces.")
NOT_ANSWERS = N_("Answers begin with = or ~.")
BLANK = " _____ "  # in place of answers in the middle of a sentence

_NAME = re.compile(r"\s*::((?:\\.|(?!::).)*)::", re.DOTALL)
_FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]")
_TRUTH = re.compile(r"(T|TRUE|F|FALSE)\s*(#.*)?", re.DOTALL | re.IGNORECASE)
_WEIGHT = re.compile(r"\s*%(-?\d+(?:\.\d+)?)%", re.ASCII)
_ESCAPED = re.compile(r"\\([~=#{}:\\n])")


def read(text: str) -> Imported:
    """Questions of a GIFT text. Raises Invalid when there are none."""
    raw = list(_blocks(text))
    if not raw:
        raise Invalid(EMPTY, fields={"text": EMPTY})
    return import_all(raw, _parse)


def _blocks(text: str) -> Iterator[RawQuestion[str]]:
    """Questions are separated by blank lines; comments and categories are left out."""
    block: list[str] = []
    began = 0
    for number, line in enumerate([*text.replace("\r\n", "\n").lstrip("\ufeff").split("\n"), ""], start=1):
        bare = line.strip()
        if bare.startswith(("//", "$CATEGORY:")):
            continue
        if bare:
            began = began or number
            block.append(line)
        elif block:
            source = "\n".join(block)
            yield RawQuestion(began, _name(source), source)
            block, began = [], 0


def _name(source: str) -> str:
    named = _NAME.match(source)
    return _plain(named[1]) if named else " ".join(source.partition("{")[0].split())


def _parse(source: str) -> Question:
    if named := _NAME.match(source):
        source = source[named.end() :]
    html = False
    if formatted := _FORMAT.match(source):
        source, html = source[formatted.end() :], formatted[1] == "html"
    start, end = _first(source, "{"), _last(source, "}")
    if start is None and end is None:
        raise CannotImport(NO_ANSWERS)
    if start is None or end is None or end < start:
        raise CannotImport(UNCLOSED)
    before, answers, after = source[:start], source[start + 1 : end], source[end + 1 :]
    text = before.rstrip() + BLANK + after.lstrip() if after.strip() else before
    plain = _plain(" ".join(text.split("\n")))
    question = _answers(text_of_html(plain) if html else plain, answers)
    return _from_html(question) if html else question


def _from_html(question: Question) -> Question:
    options = tuple(
        Option(text_of_html(option.text), right=option.right, feedback=text_of_html(option.feedback))
        for option in question.options
    )
    return msgspec.structs.replace(question, options=options, feedback=text_of_html(question.feedback))


def _answers(text: str, body: str) -> Question:
    at = _first(body, "####")
    general = _plain(body[at + 4 :]) if at is not None else ""
    body = (body if at is None else body[:at]).strip()
    if not body:
        raise CannotImport(ESSAY)
    if body.startswith(">"):
        items = [_plain(line) for line in body.split("\n")[1:] if line.strip()]
        options = tuple(Option(item) for item in items)
        return Question(kind=QuestionKind.ORDERING, text=text, options=options, feedback=general)
    if body.startswith("#"):
        return _numeric(text, body[1:], general)
    if truth := _TRUTH.fullmatch(body):
        return _truth(text, truth, general)
    answers = list(_weighted(body))
    if any(mark == "~" for mark, _ in answers):
        single = not any(mark == "~" and answer.weight > 0 for mark, answer in answers)
        return choice(text, [answer for _, answer in answers], single=single, feedback=general)
    if all("->" in answer.text for _, answer in answers):
        raise CannotImport(MATCHING)
    return typed(QuestionKind.TEXT, text, [answer for _, answer in answers], general)


def _truth(text: str, found: re.Match[str], general: str) -> Question:
    """`{T#feedback of the wrong answer#of the right one}`"""
    is_true = found[1].upper().startswith("T")
    wrong, right, *_ = [*(_plain(part) for part in _split(found[2] or "", "#")[1:]), "", ""]
    options = (
        Option("True", right=is_true, feedback=right if is_true else wrong),
        Option("False", right=not is_true, feedback=wrong if is_true else right),
    )
    return Question(kind=QuestionKind.SINGLE, text=text, options=options, feedback=general)


def _weighted(body: str) -> Iterator[tuple[str, WeightedAnswer]]:
    """Each answer with its mark, "=" or "~"."""
    pieces = _split(body, "=~", keep=True)
    if pieces[0].strip():
        raise CannotImport(NOT_ANSWERS)
    for piece in pieces[1:]:
        mark, rest = piece[0], piece[1:]
        weight = 100.0 if mark == "=" else 0.0
        if given := _WEIGHT.match(rest):
            weight, rest = float(given[1]), rest[given.end() :]
        text, *feedback = _split(rest, "#")
        joined = " ".join(_plain(text).split("\n")) if "\\n" not in text else _plain(text)
        yield mark, WeightedAnswer(joined, weight, _plain("#".join(feedback)))


def _numeric(text: str, body: str, general: str) -> Question:
    listed = body.lstrip().startswith("=")
    answers = [answer for _, answer in _weighted(body)] if listed else [_single_number(body)]
    ranges = [(answer, *_range(answer.text)) for answer in answers]
    if len({tolerance for _, _, tolerance in ranges}) > 1:
        raise CannotImport(TOLERANCES)
    plain = [WeightedAnswer(str(value), answer.weight, answer.feedback) for answer, value, _ in ranges]
    question = typed(QuestionKind.NUMERIC, text, plain, general)
    return msgspec.structs.replace(question, tolerance=str(ranges[0][2]))


def _single_number(body: str) -> WeightedAnswer:
    value, *feedback = _split(body, "#")
    return WeightedAnswer(_plain(value), 100.0, _plain("#".join(feedback)))


def _range(text: str) -> tuple[Decimal, Decimal]:
    """`3.14:0.01` or `3..4`: the middle and the tolerance."""
    try:
        if ".." in text:
            low, high = (Decimal(part.strip()) for part in text.split("..", 1))
            return (low + high) / 2, abs(high - low) / 2
        value, _, tolerance = text.partition(":")
        return Decimal(value.strip()), Decimal(tolerance.strip() or "0")
    except (InvalidOperation, ValueError):
        raise CannotImport(NOT_A_NUMBER) from None


def _places(text: str, marks: str) -> Iterator[int]:
    """Where one of the characters stands, not escaped."""
    escaped = False
    for place, character in enumerate(text):
        if not escaped and character in marks:
            yield place
        escaped = character == "\\" and not escaped


def _first(text: str, mark: str) -> int | None:
    return next((place for place in _places(text, mark[0]) if text.startswith(mark, place)), None)


def _last(text: str, mark: str) -> int | None:
    return max(_places(text, mark), default=None)


def _split(text: str, marks: str, *, keep: bool = False) -> list[str]:
    """Pieces between the marks; with `keep`, each begins with its mark."""
    cuts = [*_places(text, marks), len(text)]
    starts = [0, *(cut if keep else cut + 1 for cut in cuts[:-1])]
    return [text[start:cut] for start, cut in zip(starts, cuts, strict=True)]


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text).strip()


def write(questions: tuple[Question, ...]) -> str:
    """GIFT text of the questions."""
    return "\n\n".join(_written(question) for question in questions) + "\n"


def _written(question: Question) -> str:
    comments = [f"// points: {question.points:g}"] if question.points != 1 else []
    comments += [f"// pool: {question.pool}"] if question.pool else []
    feedback = f"\n####{_escape(question.feedback)}" if question.feedback else ""
    return "\n".join((*comments, f"[plain]{_escape(question.text)} {{{_body(question)}{feedback}\n}}"))


def _body(question: Question) -> str:
    match question.kind:
        case QuestionKind.NUMERIC:
            return "#" + "".join(f"\n={value}:{question.tolerance}" for value in question.accepted)
        case QuestionKind.TEXT:
            return "".join(f"\n=%100%{_escape(text)}" for text in question.accepted)
        case QuestionKind.ORDERING:
            return f">{len(question.options)}" + "".join(f"\n{_escape(o.text)}" for o in question.options)
        case _:
            return "".join(_option(option, question) for option in question.options)


def _option(option: Option, question: Question) -> str:
    feedback = f"#{_escape(option.feedback)}" if option.feedback else ""
    if question.kind is QuestionKind.SINGLE:
        mark = "=%100%" if option.right else "~%0%"
    else:
        weight = 100 / sum(other.right for other in question.options)
        mark = f"~%{weight if option.right else -weight:.5f}%"
    return f"\n{mark}{_escape(option.text)}{feedback}"


def _escape(text: str) -> str:
    return re.sub(r"([\\~=#{}:])", r"\\\1", text).replace("\n", "\\n")
