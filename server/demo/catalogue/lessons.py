"""Lessons of the demo: for each subject its lectures, an introduction, its terms and a quiz. Pure."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import count

import msgspec

from server.demo.catalogue.subjects import Subject, Term, subjects
from server.demo.ids import ident
from server.learning.quizzes import checking
from server.learning.quizzes.model import Option, Question, QuestionKind, QuizContent, QuizSettings
from storage.states import LessonKind

SAMPLES = 3  # lectures that are encoded, those of the first subject; the others play a copy of one of them
SAMPLE_NOTE = "A lesson of the demo: it plays one of three sample recordings."
PASS_MARK = 60  # percent
MINUTES = 20  # time limit of a quiz


class LessonPlan(msgspec.Struct, frozen=True):
    """`sample`: number of the recording that a lecture plays."""

    id: str
    course: int
    position: int
    kind: LessonKind
    title: str
    description: str = ""
    text: str = ""
    quiz: QuizContent | None = None
    sample: int | None = None


class CoursePlan(msgspec.Struct, frozen=True):
    id: str
    number: int
    subject: Subject
    lessons: tuple[LessonPlan, ...]

    @property
    def quiz_id(self) -> str:
        return ident("quiz", self.number)

    @property
    def version_id(self) -> str:
        return ident("quiz version", self.number)


@cache
def courses() -> tuple[CoursePlan, ...]:
    every, lectures = subjects(), count()
    return tuple(
        CoursePlan(
            id=ident("course", number),
            number=number,
            subject=subject,
            lessons=tuple(_lessons(number, subject, every[(number + 7) % len(every)], lectures)),
        )
        for number, subject in enumerate(every)
    )


def _lessons(number: int, subject: Subject, other: Subject, lectures: Iterator[int]) -> Iterator[LessonPlan]:
    """In the order of the course. `lectures` counts those of all courses."""
    made = count()

    def lesson(kind: LessonKind, title: str, **about: object) -> LessonPlan:
        position = next(made)
        values = {"id": ident("lesson", number, position), "course": number, "position": position}
        return msgspec.convert({**values, "kind": kind, "title": title, **about}, LessonPlan)

    for place, title in enumerate(subject.lectures):
        lecture = next(lectures)
        note = "" if lecture < SAMPLES else SAMPLE_NOTE
        yield lesson(LessonKind.VIDEO, title, description=note, sample=lecture % SAMPLES)
        if place == 0:
            yield lesson(LessonKind.TEXT, "About this course", text=_introduction(subject))
    yield lesson(LessonKind.TEXT, "Key terms", text=_glossary(subject))
    yield lesson(LessonKind.QUIZ, "Check what you know", quiz=_quiz(number, subject, other))


def _introduction(subject: Subject) -> str:
    lectures = "\n".join(f"- {title}" for title in subject.lectures)
    return (
        f"{subject.teaser}\n\n## What you will do\n\n"
        f"You watch these lectures, at your own pace:\n\n{lectures}\n\n"
        "Afterwards you read the key terms and take a quiz. Questions are welcome in the discussion below "
        "each lesson.\n\n## What it takes\n\nAbout two hours a week over one term. "
        "You complete the course by completing every lesson; "
        f"the quiz is passed with {PASS_MARK} % of the points."
    )


def _glossary(subject: Subject) -> str:
    terms = "\n\n".join(f"**{_capital(term.name)}**: {term.meaning}." for term in subject.terms)
    return f"These words come up again and again in *{subject.title}*.\n\n{terms}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _quiz(number: int, subject: Subject, other: Subject) -> QuizContent:
    first, second, third, fourth = subject.terms
    settings = QuizSettings(pass_mark=PASS_MARK, minutes=MINUTES)
    questions = (
        _choose(subject.terms, first),
        _choose(subject.terms, third),
        Question(kind=QuestionKind.TEXT, text=f"Write the term: {second.meaning}.", accepted=(second.name,)),
        Question(
            kind=QuestionKind.MULTIPLE,
            text=f"Which of these belong to {subject.title}?",
            options=(
                *(Option(term.name, right=True) for term in (second, fourth)),
                *(Option(term.name) for term in other.terms[:2]),
            ),
        ),
        _choose(subject.terms, fourth),
    )
    numbers = count()
    content = QuizContent(settings=settings, questions=questions)
    return checking.clean_content(content, lambda: ident("question", number, next(numbers)))


def _choose(terms: Sequence[Term], wanted: Term) -> Question:
    options = tuple(Option(term.name, right=term is wanted) for term in terms)
    text = f"Which term is meant? {_capital(wanted.meaning)}."
    return Question(kind=QuestionKind.SINGLE, text=text, options=options, feedback=f"It is {wanted.name}.")
