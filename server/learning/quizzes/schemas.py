"""Input and output types of the quiz API, as template variables, too."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.learning.quizzes.checking import MOST_OPTIONS, MOST_QUESTIONS
from server.learning.quizzes.model import QuestionKind, QuizContent
from server.learning.quizzes.statistics import ItemFigures
from storage.states import AttemptState

AnswerList = Annotated[list[str], Meta(max_length=MOST_OPTIONS)]


class QuizPut(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole quiz. Questions and options keep the ids that were read; those without one are new."""

    content: QuizContent
    revision: int | UnsetType = UNSET  # the one this change started from; 409 if it was saved since


class AnswersIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers by question id: ids of options (of an ordering, all of them in order), or one text."""

    answers: Annotated[dict[str, AnswerList], Meta(max_length=MOST_QUESTIONS)] = {}


class SavedAnswers(msgspec.Struct, frozen=True, kw_only=True):
    unclear: dict[str, str]  # by question: what is to be clarified before the attempt can be submitted


class ShownOption(msgspec.Struct, frozen=True):
    id: str
    text: str


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer was worth."""

    share: float  # of the question's points, 0 to 1
    feedback: str
    option_feedback: dict[str, str]  # of the chosen options
    right: list[str] | None  # texts of the right answer; None: not shown


class QuestionView(msgspec.Struct, frozen=True, kw_only=True):
    """A question of an attempt. Its options are in the order they are shown."""

    id: str
    kind: QuestionKind
    text: str
    points: float
    options: list[ShownOption]
    given: list[str]  # what is saved: ids of options, or one text
    unclear: str  # what is to be clarified, empty for nothing
    review: Review | None  # None while the attempt is open


class AttemptSummary(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    n: int  # from 1, over all versions of the quiz
    state: AttemptState
    opened_at: datetime
    due_at: datetime | None  # None: no time limit
    submitted_at: datetime | None
    points: float | None
    max_points: float | None
    percent: int | None
    passed: bool | None


class AttemptView(AttemptSummary, frozen=True, kw_only=True):
    quiz_id: str
    seconds_left: int | None  # by the server's clock
    pass_mark: int  # percent
    shows_right: bool
    questions: list[QuestionView]


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """A graded attempt. Not `in_time`: only what had been saved before the deadline was graded."""

    in_time: bool
    attempt: AttemptView


class QuizStart(msgspec.Struct, frozen=True, kw_only=True):
    """A quiz before an attempt, and the caller's attempts so far."""

    quiz_id: str
    moment: float | None  # seconds into the video; None: the lesson is the quiz
    questions: int  # in an attempt
    minutes: int | None  # time limit
    pass_mark: int  # percent
    attempts_allowed: int | None
    attempts_left: int | None  # None: any number
    passed: bool
    attempts: list[AttemptSummary]

    @property
    def open(self) -> AttemptSummary | None:
        return next((one for one in self.attempts if one.state == AttemptState.OPEN), None)

    @property
    def best(self) -> int | None:
        """Percent of the best attempt."""
        return max((one.percent for one in self.attempts if one.percent is not None), default=None)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the questions of a quiz, by question id."""

    questions: dict[str, ItemFigures]


class ImportIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Questions of another system, added at the end."""

    format: str  # "gift" or "moodle_xml"
    text: str
    leave_out: bool = False  # import the others, when some cannot be
    revision: int | UnsetType = UNSET


class FaultView(msgspec.Struct, frozen=True, kw_only=True):
    line: int  # of the question in the text, from 1
    name: str  # of the question, or how it begins
    reason: str


class ImportedView(msgspec.Struct, frozen=True, kw_only=True):
    """Result of an import. With `faults` and without `leave_out`, nothing was imported."""

    imported: int
    faults: list[FaultView]
