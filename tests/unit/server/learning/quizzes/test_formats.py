"""GIFT and Moodle XML: reading, writing, what is told of what cannot be imported, and hostile files."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.core.text.normalize import is_invisible
from server.learning.quizzes import checking
from server.learning.quizzes.formats import gift, moodle_xml
from server.learning.quizzes.formats.imports import Imported, text_of_html
from server.learning.quizzes.model import Option, Question, QuestionKind

GIFT = r"""// A comment
$CATEGORY: $course$/Physics

::Colours::Which is warm? {=red#yes ~blue#no ~green ####Think of fire.}

Water boils at 100 °C at sea level.{T#It does.#Right.}

What is \{pi\}\: about? {#3.14:0.01}

Between {#1..5} lies it.

[html]<p>Which <b>two</b>?</p><p>&lt;All&gt;</p> {~%50%one ~%50%two
~%-100%three}

Capital of France? {=Paris =paris on the Seine}

Order these {>3
first
second
third
}
"""
READ = [
    (QuestionKind.SINGLE, "Which is warm?"),
    (QuestionKind.SINGLE, "Water boils at 100 °C at sea level."),
    (QuestionKind.NUMERIC, "What is {pi}: about?"),
    (QuestionKind.NUMERIC, "Between _____ lies it."),
    (QuestionKind.MULTIPLE, "Which two?\n<All>"),
    (QuestionKind.TEXT, "Capital of France?"),
    (QuestionKind.ORDERING, "Order these"),
]
FAULTY = """One {=a ~b}

Match {=a -> 1 =b -> 2}

Write {}

Nothing to answer

Half {=a ~%50%b ~c}

Open {=a

Two {=a =b ~c}

Any {=a*}

Number {#about 3}

Bare {a b}

Also good {T}
"""
XML = """<?xml version="1.0"?>
<quiz>
<question type="category"><category><text>top</text></category></question>
<question type="multichoice">
 <name><text>Colours</text></name>
 <questiontext format="html"><text><![CDATA[<p>Which is&nbsp;warm?</p>]]></text></questiontext>
 <generalfeedback format="html"><text>Think of fire.</text></generalfeedback>
 <defaultgrade>2.0000000</defaultgrade><single>true</single>
 <answer fraction="100" format="html"><text>red</text><feedback><text>yes</text></feedback></answer>
 <answer fraction="0"><text>blue</text></answer>
</question>
<question type="numerical">
 <name><text>Pi</text></name><questiontext><text>Pi?</text></questiontext>
 <answer fraction="100"><text>3.14</text><tolerance>0.01</tolerance></answer>
 <answer fraction="0"><text>*</text></answer>
</question>
<question type="matching"><name><text>M</text></name><questiontext><text>?</text></questiontext></question>
<question type="shortanswer"><name><text>P</text></name>
 <questiontext format="html"><text>&lt;img src="a.png"&gt;</text></questiontext>
 <answer fraction="100"><text>x</text></answer></question>
</quiz>
"""
characters = st.characters(exclude_categories=("C", "Z"), exclude_characters="*>") | st.sampled_from(
    " ~=#{}:\\%\n<&"
)


def one_space(text: str) -> str:
    """The text as checking leaves it: single spaces, no empty lines."""
    return "\n".join(" ".join(line.split()) for line in text.split("\n") if line.strip())


texts: st.SearchStrategy[str] = (
    st.text(characters, min_size=1, max_size=30).map(one_space).filter(lambda text: not is_invisible(text))
)
lines = texts.map(lambda text: " ".join(text.split()))
feedback = st.just("") | texts
numbers = st.decimals(-1000, 1000, places=3).map(str)


@st.composite
def options(draw: st.DrawFn, *, right: int | None, told: bool = True) -> tuple[Option, ...]:
    found = draw(st.lists(lines, min_size=2, max_size=5, unique_by=lambda text: text.casefold()))
    chosen = draw(st.sets(st.integers(0, len(found) - 1), min_size=1)) if right is None else set(range(right))
    feedbacks = draw(st.lists(feedback, min_size=len(found), max_size=len(found)))
    return tuple(
        Option(text, right=number in chosen, feedback=feedbacks[number] if told else "")
        for number, text in enumerate(found)
    )


questions = st.one_of(
    st.builds(
        Question, kind=st.just(QuestionKind.SINGLE), text=texts, options=options(right=1), feedback=feedback
    ),
    st.builds(
        Question,
        kind=st.just(QuestionKind.MULTIPLE),
        text=texts,
        options=options(right=None),
        feedback=feedback,
    ),
    st.builds(
        Question,
        kind=st.just(QuestionKind.ORDERING),
        text=texts,
        options=options(right=0, told=False),
        feedback=feedback,
    ),
    st.builds(
        Question,
        kind=st.just(QuestionKind.TEXT),
        text=texts,
        accepted=st.lists(lines, min_size=1, max_size=3, unique=True).map(tuple),
        feedback=feedback,
    ),
    st.builds(
        Question,
        kind=st.just(QuestionKind.NUMERIC),
        text=texts,
        accepted=st.lists(numbers, min_size=1, max_size=3, unique=True).map(tuple),
        tolerance=st.sampled_from(["0", "0.01", "2"]),
        feedback=feedback,
    ),
).filter(lambda question: all(_savable(question)))


def _savable(question: Question) -> list[bool]:
    """What checking accepts as it is: everything that is ever exported."""
    try:
        cleaned = checking.clean_question(question, iter("0123456789").__next__)
    except Invalid:
        return [False]
    return [
        cleaned.text == question.text,
        [o.text for o in cleaned.options] == [o.text for o in question.options],
    ]


def shapes(imported: Imported) -> list[tuple[QuestionKind, str]]:
    return [(question.kind, question.text) for question in imported.questions]


def test_gift_is_read() -> None:
    imported = gift.read(GIFT)
    assert imported.faults == ()
    assert shapes(imported) == READ
    colours, water, pi, between, two, paris, order = imported.questions
    assert colours.options == (
        Option("red", right=True, feedback="yes"),
        Option("blue", feedback="no"),
        Option("green"),
    )
    assert colours.feedback == "Think of fire."
    assert water.options[0] == Option("True", right=True, feedback="Right.")
    assert (pi.accepted, pi.tolerance) == (("3.14",), "0.01")
    assert (between.accepted, between.tolerance) == (("3",), "2")
    assert [option.right for option in two.options] == [True, True, False]
    assert paris.accepted == ("Paris", "paris on the Seine")
    assert [option.text for option in order.options] == ["first", "second", "third"]


def test_every_gift_question_that_cannot_be_imported_is_told_with_its_line() -> None:
    imported = gift.read(FAULTY)
    assert [question.text for question in imported.questions] == ["One", "Also good"]
    assert [(fault.line, fault.name) for fault in imported.faults] == [
        (3, "Match"),
        (5, "Write"),
        (7, "Nothing to answer"),
        (9, "Half"),
        (11, "Open"),
        (13, "Two"),
        (15, "Any"),
        (17, "Number"),
        (19, "Bare"),
    ]
    assert len({str(fault.reason) for fault in imported.faults}) == 9


def test_moodle_xml_is_read() -> None:
    imported = moodle_xml.read(XML)
    assert shapes(imported) == [(QuestionKind.SINGLE, "Which is warm?"), (QuestionKind.NUMERIC, "Pi?")]
    colours, pi = imported.questions
    assert (colours.points, colours.feedback) == (2.0, "Think of fire.")
    assert colours.options == (Option("red", right=True, feedback="yes"), Option("blue"))
    assert (pi.accepted, pi.tolerance) == (("3.14",), "0.01")
    assert [(fault.line, fault.name, str(fault.reason)) for fault in imported.faults] == [
        (17, "M", "Questions of the kind “matching” are not supported."),
        (18, "P", "It contains a picture or other media, which are not imported."),
    ]


@given(st.lists(questions, min_size=1, max_size=4))
def test_gift_that_is_written_is_read_again(written: list[Question]) -> None:
    imported = gift.read(gift.write(tuple(written)))
    assert imported.faults == ()
    assert list(imported.questions) == written


@given(st.lists(questions, min_size=1, max_size=4), st.sampled_from([0.5, 1.0, 3.0]))
def test_moodle_xml_that_is_written_is_read_again(written: list[Question], points: float) -> None:
    weighted = tuple(msgspec.structs.replace(question, points=points) for question in written)
    imported = moodle_xml.read(moodle_xml.write(weighted))
    assert imported.faults == ()
    assert imported.questions == weighted


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<quiz><question></quiz>", "Line 1 is not well-formed XML."),
        ("<html/>", "its outermost element is not “quiz”"),
        ("<quiz/>", "no questions"),
        ('<!DOCTYPE q [<!ENTITY a "b">]><quiz>&a;</quiz>', "document type"),
        ('<!DOCTYPE q SYSTEM "http://example.org/q.dtd"><quiz/>', "document type"),
        ('<!DOCTYPE q [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz>&x;</quiz>', "document type"),
        ("<quiz>" + "<a>" * 50 + "</a>" * 50 + "</quiz>", "refused"),
        ("\x00", "not well-formed"),
    ],
)
def test_file_that_is_no_moodle_xml_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        moodle_xml.read(text)
    assert sentence in str(caught.value)


@given(st.text(max_size=200) | st.text(alphabet="{}=~#:\\%T>-\n a1.", max_size=60))
def test_any_text_is_read_or_told(text: str) -> None:
    try:
        imported = gift.read(text)
    except Invalid:
        return
    assert imported.questions or imported.faults
    assert all(1 <= fault.line <= text.count("\n") + 1 for fault in imported.faults)


def test_html_becomes_lines() -> None:
    assert text_of_html("<p>a <b>b</b>\n c</p><ul><li>x</li><li>y &amp; z</li></ul>") == "a b c\nx\ny & z"
