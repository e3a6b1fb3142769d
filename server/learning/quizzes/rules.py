"""Rules of quizzes: what is drawn, what an answer is worth, when an attempt passes and ends. Pure."""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import msgspec

from server.core.errors import Invalid
from server.core.text.normalize import normal
from server.learning.quizzes import numbers
from server.learning.quizzes.model import (
    CHOICES,
    Drawn,
    Question,
    QuestionKind,
    QuizContent,
    QuizSettings,
    ShowRight,
)
from storage.messages import N_, Message

GRACE = timedelta(seconds=15)  # after the deadline, for what is under way
ANSWER_LENGTH = 500  # characters of a typed answer

Given = tuple[str, ...]
"""An answer: ids of options (of an ordering, all of them in order), or one raw text. Empty: none."""

STALE = N_("An answer names a question or an option that this attempt does not have. Reload the page.")
TOO_LONG = N_("Write an answer of at most 500 characters.")


class Mark(msgspec.Struct, frozen=True):
    """What a whole attempt was worth."""

    points: float
    max_points: float
    passed: bool
    perfect: bool


def draw(content: QuizContent, seed: str) -> tuple[Drawn, ...]:
    """Questions and option orders of an attempt: those of pools are chosen by `seed`, a secret text."""

    def rank(key: str) -> bytes:
        return hashlib.sha256(f"{seed} {key}".encode()).digest()

    left_out: set[str] = set()
    for pool, count in content.pools.items():
        inside = sorted((q.id for q in content.questions if q.pool == pool), key=rank)
        left_out |= set(inside[count:])
    asked = [question for question in content.questions if question.id not in left_out]
    if content.settings.shuffle_questions:
        asked.sort(key=lambda question: rank(question.id))
    return tuple(Drawn(q.id, _shown(q, content.settings, seed)) for q in asked)


def _shown(question: Question, settings: QuizSettings, seed: str) -> tuple[str, ...]:
    ids = [option.id for option in question.options]
    if question.kind is not QuestionKind.ORDERING and not settings.shuffle_options:
        return tuple(ids)
    shuffled = sorted(ids, key=lambda key: hashlib.sha256(f"{seed} {question.id} {key}".encode()).digest())
    if question.kind is QuestionKind.ORDERING and shuffled == ids:
        shuffled = [*shuffled[1:], *shuffled[:1]]  # the right order is not given away
    return tuple(shuffled)


def asked_count(content: QuizContent) -> int:
    """How many questions an attempt has."""
    return len(draw(content, ""))


def clean_given(question: Question, given: Sequence[str]) -> Given:
    """An answer as it is stored; the raw text of a typed one is kept. Raises Invalid when the attempt's page
    cannot have sent it."""
    answer = tuple(given)
    if question.kind in (QuestionKind.NUMERIC, QuestionKind.TEXT):
        if len(answer) > 1:
            raise Invalid(STALE)
        if any(len(text) > ANSWER_LENGTH for text in answer):
            raise Invalid(TOO_LONG, fields={question.id: TOO_LONG})
        return tuple(text for text in answer if text.strip())
    known = {option.id for option in question.options}
    if len(set(answer)) != len(answer) or not known.issuperset(answer):
        raise Invalid(STALE)
    if question.kind is QuestionKind.SINGLE and len(answer) > 1:
        raise Invalid(STALE)
    if question.kind is QuestionKind.ORDERING and answer and set(answer) != known:
        raise Invalid(STALE)
    return answer


def asked_back(question: Question, given: Given) -> Message | None:
    """What is to be clarified before the answer can be graded, as for the number "1,234"."""
    if question.kind is not QuestionKind.NUMERIC or not given:
        return None
    try:
        numbers.parse_number(given[0])
    except Invalid as problem:
        return problem.message
    return None


def share(question: Question, given: Given) -> Fraction:
    """Part of the question's points that an answer earns, 0 to 1.

    Multiple choice: the right ones less the wrong ones that were chosen, over the right ones. Ordering: the
    items in their place. A number with two readings that was not asked back counts when one of them is right.
    """
    if not given:
        return Fraction(0)
    match question.kind:
        case QuestionKind.NUMERIC:
            return Fraction(numbers.any_reading(given[0], lambda value: _is_accepted(question, value)))
        case QuestionKind.TEXT:
            return Fraction(folded(given[0]) in {folded(text) for text in question.accepted})
        case QuestionKind.ORDERING:
            ids = [option.id for option in question.options]
            return Fraction(sum(a == b for a, b in zip(ids, given, strict=True)), len(ids))
        case _:
            right = {option.id for option in question.options if option.right}
            chosen = set(given)
            earned = len(chosen & right) - len(chosen - right)
            return Fraction(max(0, earned), len(right))


def _is_accepted(question: Question, value: Decimal) -> bool:
    tolerance = Decimal(question.tolerance)
    return any(numbers.is_near(value, Decimal(text), tolerance) for text in question.accepted)


def folded(text: str) -> str:
    """A short text as it is compared: without case, accents and further spaces."""
    decomposed = unicodedata.normalize("NFKD", normal("NFC", text, limit=ANSWER_LENGTH)[:ANSWER_LENGTH])
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(unicodedata.normalize("NFKC", bare.casefold()).split())


def mark(asked: Sequence[Question], answers: Mapping[str, Given], pass_mark: int) -> Mark:
    """Points of an attempt with these questions, calculated exactly."""
    shares = {question.id: share(question, answers.get(question.id, ())) for question in asked}
    most = sum((_points(question) for question in asked), Fraction(0))
    earned = sum((_points(question) * shares[question.id] for question in asked), Fraction(0))
    return Mark(
        points=float(earned),
        max_points=float(most),
        passed=bool(most) and earned * 100 >= pass_mark * most,
        perfect=bool(most) and earned == most,
    )


def _points(question: Question) -> Fraction:
    return Fraction(round(question.points * 100), 100)


def percent(points: float, max_points: float) -> int:
    """Whole percent, rounded down, so that no failed attempt shows the pass mark."""
    return _millionths(points) * 100 // _millionths(max_points) if max_points else 0


def _millionths(points: float) -> int:
    """Without the error of binary fractions: 0.01 is 10,000."""
    return round(points * 10**6)


def due_at(settings: QuizSettings, opened_at: datetime) -> datetime | None:
    return opened_at + timedelta(minutes=settings.minutes) if settings.minutes else None


def is_over(due: datetime | None, now: datetime) -> bool:
    """Whether answers are no longer accepted."""
    return due is not None and now > due + GRACE


def attempts_left(settings: QuizSettings, used: int) -> int | None:
    """None: any number."""
    return None if settings.attempts is None else max(0, settings.attempts - used)


def shows_right(settings: QuizSettings, *, passed: bool, staff: bool) -> bool:
    """Whether somebody may see what would have been right."""
    if staff or settings.show_right is ShowRight.ALWAYS:
        return True
    return settings.show_right is ShowRight.PASSED and passed


def right_answer(question: Question) -> tuple[str, ...]:
    """Texts of what is right, in the right order."""
    if question.kind in CHOICES:
        return tuple(option.text for option in question.options if option.right)
    if question.kind is QuestionKind.ORDERING:
        return tuple(option.text for option in question.options)
    return question.accepted
