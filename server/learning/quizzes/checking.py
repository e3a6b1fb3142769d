"""Validation of what instructors and files put into a quiz. Pure, except for new ids."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial

import msgspec

from server.core.errors import Invalid, WrongFields
from server.core.text.normalize import is_invisible, normal, one_line
from server.learning.quizzes import numbers
from server.learning.quizzes.model import CHOICES, Option, Question, QuestionKind, QuizContent, QuizSettings
from storage.messages import N_

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
TEXT_LENGTH = 4000  # of a question
OPTION_LENGTH = 1000
FEEDBACK_LENGTH = 2000
POOL_LENGTH = 60
MOST_QUESTIONS = 300
MOST_OPTIONS = 30  # also of accepted answers
MOST_DIGITS = 50  # before and behind the point of a right answer
MOST_POINTS = 1000
MOST_MINUTES = 24 * 60
MOST_ATTEMPTS = 1000

NO_TEXT = N_("Write the question, in at most 4,000 characters.")
OPTION_TEXT = N_("Write each answer in at most 1,000 characters.")
FEEDBACK = N_("Write feedback of at most 2,000 characters.")
TWO_OPTIONS = N_("Give at least two answers to choose from, and at most 30.")
TWICE = N_("Two answers are the same.")
ONE_RIGHT = N_("Mark exactly one answer as right.")
SOME_RIGHT = N_("Mark at least one answer as right.")
ACCEPTED = N_("Give at least one right answer, and at most 30.")
NUMBER = N_("A right answer is a number like 3.14.")
TOLERANCE = N_("The tolerance is a number like 0.01, and not negative.")
POINTS = N_("A question has 0.01 to 1,000 points.")
POOL = N_("Name a pool in at most 60 characters.")
MANY = N_("A quiz has at most 300 questions.")
PASS_MARK = N_("The pass mark is 1 to 100 percent.")
MINUTES = N_("The time limit is 1 to 1,440 minutes; leave it empty for none.")
ATTEMPTS = N_("The number of attempts is 1 to 1,000; leave it empty for any number.")
DRAWN = N_("Draw at least one question from each pool, and no more than it has.")


def refuse(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: sentence})


def lines(text: str, limit: int, field: str, sentence: str, *, empty: bool = False) -> str:
    """Text of several lines: NFC, without control characters. Raises Invalid."""
    clean = normal("NFC", text.replace("\r\n", "\n").strip(), limit=limit)
    wrong = any(unicodedata.category(c) in ("Cc", "Cs", "Cn") and c not in "\n\t" for c in clean)
    if len(clean) > limit or wrong or (not empty and is_invisible(clean)):
        raise refuse(field, sentence)
    return clean


def clean_question(question: Question, new_id: Callable[[], str]) -> Question:
    """The question as it is stored. Raises Invalid with every field that is wrong."""
    found = WrongFields()
    points = round(question.points, 2) if math.isfinite(question.points) else 0.0
    if not 0.01 <= points <= MOST_POINTS:
        found.refuse("points", POINTS)
    pool = one_line(question.pool, limit=POOL_LENGTH)
    if len(pool) > POOL_LENGTH or any(unicodedata.category(c) in ("Cc", "Cs", "Cn") for c in pool):
        found.refuse("pool", POOL)
    typed = question.kind in (QuestionKind.NUMERIC, QuestionKind.TEXT)
    numeric = question.kind is QuestionKind.NUMERIC
    cleaned = {
        "id": _kept(question.id) or new_id(),
        "text": found.within(lambda: lines(question.text, TEXT_LENGTH, "text", NO_TEXT)),
        "options": () if typed else found.within(lambda: _options(question, new_id)),
        "accepted": found.within(lambda: _accepted(question)) if typed else (),
        "tolerance": found.within(lambda: _tolerance(question.tolerance)) if numeric else "0",
        "feedback": found.within(
            lambda: lines(question.feedback, FEEDBACK_LENGTH, "feedback", FEEDBACK, empty=True)
        ),
    }
    found.raise_any()
    return Question(kind=question.kind, points=points, pool=pool, **cleaned)


def _kept(given: str) -> str:
    """An id that was read before; empty for a new one, and for what this server never makes."""
    return given if _ID.fullmatch(given) else ""


def _options(question: Question, new_id: Callable[[], str]) -> tuple[Option, ...]:
    choice = question.kind in CHOICES
    cleaned = tuple(
        Option(
            id=_kept(option.id) or new_id(),
            text=lines(option.text, OPTION_LENGTH, "options", OPTION_TEXT),
            right=option.right and choice,
            feedback=lines(option.feedback, FEEDBACK_LENGTH, "options", FEEDBACK, empty=True)
            if choice
            else "",
        )
        for option in question.options[: MOST_OPTIONS + 1]
    )
    if not 2 <= len(cleaned) <= MOST_OPTIONS:
        raise refuse("options", TWO_OPTIONS)
    if len({option.text for option in cleaned}) != len(cleaned) or len({o.id for o in cleaned}) != len(
        cleaned
    ):
        raise refuse("options", TWICE)
    right = sum(option.right for option in cleaned)
    if question.kind is QuestionKind.SINGLE and right != 1:
        raise refuse("options", ONE_RIGHT)
    if question.kind is QuestionKind.MULTIPLE and not right:
        raise refuse("options", SOME_RIGHT)
    return cleaned


def _accepted(question: Question) -> tuple[str, ...]:
    given = [text for text in question.accepted[: MOST_OPTIONS + 1] if text.strip()]
    if not 1 <= len(given) <= MOST_OPTIONS:
        raise refuse("accepted", ACCEPTED)
    if question.kind is QuestionKind.NUMERIC:
        return tuple(dict.fromkeys(_decimal(text, "accepted", NUMBER) for text in given))
    texts = [one_line(text, limit=OPTION_LENGTH) for text in given]
    return tuple(dict.fromkeys(lines(text, OPTION_LENGTH, "accepted", OPTION_TEXT) for text in texts))


def _tolerance(text: str) -> str:
    value = _decimal(text.strip() or "0", "tolerance", TOLERANCE)
    if value.startswith("-"):
        raise refuse("tolerance", TOLERANCE)
    return value


def _decimal(text: str, field: str, sentence: str) -> str:
    """A number with a decimal point, as files and programs write it: never ambiguous."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise refuse(field, sentence) from None
    if not value.is_finite() or abs(value.adjusted()) > MOST_DIGITS or len(text) > MOST_DIGITS:
        raise refuse(field, sentence)
    return numbers.plain(value)


def clean_settings(settings: QuizSettings) -> QuizSettings:
    """The settings as they are stored. Raises Invalid with every field that is wrong."""
    found = WrongFields()
    if not 1 <= settings.pass_mark <= 100:
        found.refuse("pass_mark", PASS_MARK)
    if settings.minutes is not None and not 1 <= settings.minutes <= MOST_MINUTES:
        found.refuse("minutes", MINUTES)
    if settings.attempts is not None and not 1 <= settings.attempts <= MOST_ATTEMPTS:
        found.refuse("attempts", ATTEMPTS)
    found.raise_any()
    return settings


def pool_sizes(questions: Iterable[Question]) -> dict[str, int]:
    """Questions of each pool, by its name."""
    return dict(sorted(Counter(question.pool for question in questions if question.pool).items()))


def clean_content(content: QuizContent, new_id: Callable[[], str]) -> QuizContent:
    """The whole quiz as it is stored. Raises Invalid with every field that is wrong.

    Those of a question are named `questions.2.text`, from 0, and those of a pool `pools.Name`.
    """
    if len(content.questions) > MOST_QUESTIONS:
        raise refuse("questions", MANY)
    found = WrongFields()
    questions = tuple(_numbered(content.questions, new_id, found))
    sizes = {} if found.wrong else pool_sizes(questions)  # of those that are left they would be too small
    pools = {name: content.pools.get(name, size) for name, size in sizes.items()}
    for name, count in pools.items():
        if not 1 <= count <= sizes[name]:
            found.refuse(f"pools.{name}", DRAWN)
    found.within(lambda: clean_settings(content.settings))
    found.raise_any()
    return QuizContent(settings=content.settings, questions=questions, pools=pools)


def _numbered(
    questions: Sequence[Question], new_id: Callable[[], str], found: WrongFields
) -> Iterator[Question]:
    """Those that are right; `found` takes what is wrong with the others."""
    seen: set[str] = set()
    for number, question in enumerate(questions):
        fresh = msgspec.structs.replace(question, id="") if question.id in seen else question
        cleaned = found.within(partial(clean_question, fresh, new_id), f"questions.{number}.")
        if cleaned is not None:
            seen.add(cleaned.id)
            yield cleaned
