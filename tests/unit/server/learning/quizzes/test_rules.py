"""Rules of quizzes: drawing, grading, deadlines; what is refused when a quiz is saved."""

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from itertools import count

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.learning.quizzes import checking, rules
from server.learning.quizzes.model import Option, Question, QuestionKind, QuizContent, QuizSettings, ShowRight
from tests.world.clock import START

OPTIONS = (Option("red", right=True, id="r"), Option("green", id="g"), Option("blue", right=True, id="b"))
MULTIPLE = Question(kind=QuestionKind.MULTIPLE, text="Which?", options=OPTIONS, id="m")
SINGLE = Question(
    kind=QuestionKind.SINGLE,
    text="One?",
    options=(Option("yes", right=True, id="y"), Option("no", id="n")),
    id="s",
)
NUMERIC = Question(kind=QuestionKind.NUMERIC, text="Pi?", accepted=("3.14",), tolerance="0.01", id="n")
TEXT = Question(kind=QuestionKind.TEXT, text="City?", accepted=("Göttingen", "Straßburg"), id="t")
ORDERING = Question(
    kind=QuestionKind.ORDERING, text="Order", options=tuple(Option(x, id=x) for x in "abc"), id="o"
)
EVERY = (MULTIPLE, SINGLE, NUMERIC, TEXT, ORDERING)
RIGHT = {"m": ("r", "b"), "s": ("y",), "n": ("3,14",), "t": ("gottingen",), "o": ("a", "b", "c")}
settings = st.builds(QuizSettings, shuffle_questions=st.booleans(), shuffle_options=st.booleans())


def numbered() -> Callable[[], str]:
    ids = count()
    return lambda: f"new{next(ids)}"


@pytest.mark.parametrize(
    ("question", "given", "share"),
    [
        (SINGLE, ("y",), 1),
        (SINGLE, ("n",), 0),
        (MULTIPLE, ("b", "r"), 1),
        (MULTIPLE, ("r",), Fraction(1, 2)),
        (MULTIPLE, ("r", "g"), 0),
        (MULTIPLE, ("r", "g", "b"), Fraction(1, 2)),  # ticking everything earns no full points
        (NUMERIC, ("3,15",), 1),
        (NUMERIC, ("3.1501",), 0),
        (NUMERIC, ("about 3",), 0),
        (TEXT, ("  GOTTINGEN ",), 1),
        (TEXT, ("strassburg",), 1),
        (TEXT, ("Gottingen an der Leine",), 0),
        (ORDERING, ("a", "b", "c"), 1),
        (ORDERING, ("b", "a", "c"), Fraction(1, 3)),
        *[(question, (), 0) for question in EVERY],
    ],
)
def test_share(question: Question, given: rules.Given, share: Fraction) -> None:
    assert rules.share(question, given) == share


def test_number_that_can_no_longer_be_asked_back_counts_in_either_reading() -> None:
    asked = msgspec.structs.replace(NUMERIC, accepted=("1234",), tolerance="0")
    assert rules.asked_back(asked, ("1,234",)) is not None
    assert rules.share(asked, ("1,234",)) == 1
    assert rules.share(msgspec.structs.replace(asked, accepted=("1.234",)), ("1,234",)) == 1


def test_perfect_and_passed() -> None:
    assert rules.mark(EVERY, RIGHT, 100) == rules.Mark(5, 5, passed=True, perfect=True)
    assert rules.mark(EVERY, RIGHT | {"s": ("n",)}, 80) == rules.Mark(4, 5, passed=True, perfect=False)
    assert not rules.mark(EVERY, RIGHT | {"s": ("n",)}, 81).passed
    assert not rules.mark((), {}, 1).passed


@given(st.integers(1, 100), st.lists(st.booleans(), min_size=1, max_size=40), st.integers(1, 100_000))
def test_pass_mark_is_reached_exactly(mark: int, right: list[bool], hundredths: int) -> None:
    asked = [
        msgspec.structs.replace(SINGLE, id=str(number), points=hundredths / 100)
        for number in range(len(right))
    ]
    answers = {str(number): ("y" if is_right else "n",) for number, is_right in enumerate(right)}
    found = rules.mark(asked, answers, mark)
    assert found.passed == (sum(right) * 100 >= mark * len(right))
    assert found.perfect == all(right)
    assert 0 <= found.points <= found.max_points
    shown = rules.percent(found.points, found.max_points)
    assert (shown >= mark) == found.passed


@given(st.integers(1, 8), st.text(max_size=20), settings)
def test_draw_has_each_question_once_and_the_pool_its_number(
    drawn: int, seed: str, chosen: QuizSettings
) -> None:
    pool = tuple(msgspec.structs.replace(MULTIPLE, id=f"p{number}", pool="P") for number in range(8))
    content = QuizContent(settings=chosen, questions=(SINGLE, *pool, ORDERING), pools={"P": drawn})
    found = rules.draw(content, seed)
    assert found == rules.draw(content, seed)
    ids = [one.question for one in found]
    assert len(set(ids)) == len(ids) == drawn + 2 == rules.asked_count(content)
    assert {"s", "o"} <= set(ids)
    by_id = {question.id: question for question in content.questions}
    for one in found:
        wanted = [option.id for option in by_id[one.question].options]
        assert sorted(one.options) == sorted(wanted)
        if one.question == "o":
            assert list(one.options) != wanted  # the right order is not shown
        elif not chosen.shuffle_options:
            assert list(one.options) == wanted


def test_draws_differ() -> None:
    pool = tuple(msgspec.structs.replace(MULTIPLE, id=f"p{number}", pool="P") for number in range(8))
    content = QuizContent(questions=pool, pools={"P": 2})
    assert len({frozenset(one.question for one in rules.draw(content, str(seed))) for seed in range(40)}) > 10


@pytest.mark.parametrize(
    ("question", "given"),
    [
        (SINGLE, ("y", "n")),
        (SINGLE, ("x",)),
        (MULTIPLE, ("r", "r")),
        (ORDERING, ("a", "b")),
        (NUMERIC, ("1", "2")),
        (TEXT, ("x" * 501,)),
    ],
)
def test_answer_that_no_page_sends_is_refused(question: Question, given: rules.Given) -> None:
    with pytest.raises(Invalid):
        rules.clean_given(question, given)


def test_time_is_over_after_the_grace() -> None:
    due = rules.due_at(QuizSettings(minutes=10), START)
    assert due == START + timedelta(minutes=10)
    assert not rules.is_over(due, due + rules.GRACE)
    assert rules.is_over(due, due + rules.GRACE + timedelta(seconds=1))
    assert not rules.is_over(rules.due_at(QuizSettings(), START), START + timedelta(days=900))


def test_what_is_right_is_shown_when_it_is_allowed() -> None:
    found = {
        mode: [
            rules.shows_right(QuizSettings(show_right=mode), passed=passed, staff=False)
            for passed in (False, True)
        ]
        for mode in ShowRight
    }
    assert found == {"always": [True, True], "passed": [False, True], "never": [False, False]}
    assert rules.shows_right(QuizSettings(show_right=ShowRight.NEVER), passed=False, staff=True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": " \u200d"}, "text"),
        ({"options": OPTIONS[:1]}, "options"),
        ({"options": (*OPTIONS, Option("red"))}, "options"),
        ({"options": (Option("a"), Option("b"))}, "options"),
        ({"kind": QuestionKind.SINGLE}, "options"),
        ({"kind": QuestionKind.NUMERIC, "accepted": ("NaN",)}, "accepted"),
        ({"kind": QuestionKind.NUMERIC, "accepted": ("1e999999999",)}, "accepted"),
        ({"kind": QuestionKind.NUMERIC, "accepted": ("1",), "tolerance": "-1"}, "tolerance"),
        ({"kind": QuestionKind.TEXT, "accepted": ("",)}, "accepted"),
        ({"points": 0.0}, "points"),
        ({"points": float("nan")}, "points"),
        ({"pool": "x" * 61}, "pool"),
    ],
)
def test_wrong_question_names_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        checking.clean_question(msgspec.structs.replace(MULTIPLE, **changes), numbered())
    assert list(caught.value.fields) == [field]


def test_wrong_question_of_a_quiz_is_numbered() -> None:
    content = QuizContent(questions=(MULTIPLE, msgspec.structs.replace(SINGLE, text="")))
    with pytest.raises(Invalid) as caught:
        checking.clean_content(content, numbered())
    assert list(caught.value.fields) == ["questions.1.text"]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    """Of one question, of several, of the settings and of the pools."""
    settings = QuizSettings(pass_mark=0, minutes=0, attempts=0)
    wrong = msgspec.structs.replace(SINGLE, text="", points=0.0, options=(), pool="x" * 61)
    other = msgspec.structs.replace(MULTIPLE, feedback="x" * 2001)
    with pytest.raises(Invalid) as caught:
        checking.clean_content(QuizContent(settings=settings, questions=(wrong, other)), numbered())
    of_settings = {"pass_mark": checking.PASS_MARK, "minutes": checking.MINUTES}
    of_settings["attempts"] = checking.ATTEMPTS
    assert {name: str(told) for name, told in caught.value.fields.items()} == {
        "questions.0.points": checking.POINTS,
        "questions.0.pool": checking.POOL,
        "questions.0.text": checking.NO_TEXT,
        "questions.0.options": checking.TWO_OPTIONS,
        "questions.1.feedback": checking.FEEDBACK,
        **of_settings,
    }
    pooled = tuple(msgspec.structs.replace(MULTIPLE, id=name, pool=name) for name in "ab")
    drawn = QuizContent(settings=settings, questions=pooled, pools={"a": 2, "b": 0})
    with pytest.raises(Invalid) as caught:
        checking.clean_content(drawn, numbered())
    assert list(caught.value.fields) == ["pools.a", "pools.b", *of_settings]


def test_ids_are_given_once_and_kept() -> None:
    content = QuizContent(questions=(MULTIPLE, MULTIPLE, msgspec.structs.replace(SINGLE, id="")))
    cleaned = checking.clean_content(content, numbered())
    assert [question.id for question in cleaned.questions] == ["m", "new0", "new1"]
    assert checking.clean_content(cleaned, numbered()) == cleaned
    strange = msgspec.structs.replace(SINGLE, id="\x00" * 9)
    assert checking.clean_question(strange, numbered()).id == "new0"


@pytest.mark.parametrize(
    ("pools", "refused"), [({"P": 0}, True), ({"P": 3}, True), ({"P": 1}, False), ({}, False)]
)
def test_pool_draws_what_it_has(pools: dict[str, int], *, refused: bool) -> None:
    questions = tuple(msgspec.structs.replace(MULTIPLE, id=name, pool="P") for name in "ab")
    content = QuizContent(questions=questions, pools=pools)
    if refused:
        with pytest.raises(Invalid):
            checking.clean_content(content, numbered())
    else:
        assert checking.clean_content(content, numbered()).pools == {"P": pools.get("P", 2)}
