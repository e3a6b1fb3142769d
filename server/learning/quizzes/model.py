"""Questions and settings of a quiz version, as they are stored and as instructors send them. Pure."""

from enum import StrEnum

import msgspec


class QuestionKind(StrEnum):
    SINGLE = "single"  # one option is right
    MULTIPLE = "multiple"  # any number of them is
    NUMERIC = "numeric"
    TEXT = "text"  # short: compared without case and accents
    ORDERING = "ordering"


CHOICES = (QuestionKind.SINGLE, QuestionKind.MULTIPLE)
TYPED = (QuestionKind.NUMERIC, QuestionKind.TEXT)


class ShowRight(StrEnum):
    """When learners see what would have been right."""

    ALWAYS = "always"  # after each attempt
    PASSED = "passed"  # once they have passed
    NEVER = "never"


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A choice, or an item to be put in order."""

    text: str
    right: bool = False  # choices only
    feedback: str = ""  # shown to those who chose it
    id: str = ""  # empty: a new one


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: QuestionKind
    text: str
    options: tuple[Option, ...] = ()  # of an ordering: in the right order
    accepted: tuple[str, ...] = ()  # texts, or numbers with a decimal point
    tolerance: str = "0"  # of a number, in both directions
    points: float = 1.0
    feedback: str = ""  # shown after the attempt
    pool: str = ""  # name of the pool it is drawn from; empty: always asked
    id: str = ""  # empty: a new one


class QuizSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass_mark: int = 60  # percent of the points
    minutes: int | None = None  # time limit
    attempts: int | None = None  # of a learner, over all versions; None: any number
    shuffle_questions: bool = False
    shuffle_options: bool = True
    show_right: ShowRight = ShowRight.PASSED


class QuizContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a version of a quiz consists of."""

    settings: QuizSettings = QuizSettings()
    questions: tuple[Question, ...] = ()
    pools: dict[str, int] = {}  # how many questions are drawn from each


class Drawn(msgspec.Struct, frozen=True):
    """A question of one attempt, with its options in the order that they are shown."""

    question: str
    options: tuple[str, ...] = ()
