"""CSV lists of people in the variants that spreadsheets export."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.people import people_csv
from server.core.errors import Invalid

WORDS = st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=20)
PEOPLE = st.lists(
    st.tuples(st.integers(0, 10**6), WORDS, st.sampled_from(["learner", "instructor", "administrator"])),
    min_size=1,
    max_size=20,
    unique_by=lambda person: person[0],
)


@given(
    PEOPLE,
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_delimiter_encoding_and_line_end_is_read(
    people: list[tuple[int, str, str]], delimiter: str, encoding: str, end: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow(["Role", "EMAIL", "ignored", "Name"])
    for number, name, role in people:
        writer.writerow([role.upper(), f"{number}@example.edu", "x,;\t", f" {name} "])
    read = people_csv.read(text.getvalue().encode(encoding))
    assert read.problems == ()
    assert [(person.email, person.role) for person in read.people] == [
        (f"{number}@example.edu", role) for number, _, role in people
    ]


def test_errors_are_reported_for_every_line() -> None:
    read = people_csv.read(
        b"email,name,role,password\n"
        b"ada@x.edu,Ada,learner,\n"
        b"\n"
        b"nothing,Ada,learner,\n"
        b'max@x.edu,"Max\nPlanck",professor,\n'
        b"ada@x.edu,Ada,learner,\n"
        b"lise@x.edu,Lise,learner,short\n"
        b"emmy@x.edu\n"
    )
    assert [person.email for person in read.people] == ["ada@x.edu"]
    told = [(problem.line, problem.person, problem.value) for problem in read.problems]
    assert told == [
        (4, "Ada, nothing", "nothing"),
        (6, "Max Planck, max@x.edu", "professor"),
        (7, "Ada, ada@x.edu", "ada@x.edu"),
        (8, "Lise, lise@x.edu", ""),  # a password is not shown
        (9, "emmy@x.edu", ""),
        (9, "emmy@x.edu", ""),
    ]
    assert str(read.problems[2].sentence) == "ada@x.edu is in the list twice."


def test_value_at_fault_is_shown_in_one_short_line() -> None:
    read = people_csv.read(b'email,name,role\nada@x.edu,Ada,"\x1b[31m' + b"x" * 500 + b'\nadmin"\n')
    (problem,) = read.problems
    assert problem.value.startswith("\ufffd[31mxxx")
    assert len(problem.value) == people_csv.SHOWN_LENGTH


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"email,name,role\n\x00\x81\x8d",
        b"email,name\nada@x.edu,Ada\n",
        b"email,name,role\n",
        b'email,name,role\n"ada@x.edu,Ada,learner\nmax@x.edu,Max,learner\n',
        b"email,name,role\n" + b"a@x.edu,A,learner\n" * 20_001,
    ],
)
def test_unusable_list_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        people_csv.read(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    with suppress(Invalid):
        people_csv.read(b"email,name,role\n" + data)


@pytest.mark.parametrize(
    "data",
    [
        "E-Mail;Name;Rolle\r\njuergen@x.edu;Jürgen Groß;Lernende\r\n".encode("cp1252"),
        "sep=;\r\nE-Mail-Adresse;Name;Rolle\r\njuergen@x.edu;Jürgen Groß;Studierende".encode("cp1252"),
        "email\tname\trole\r\njuergen@x.edu\tJürgen Groß\tlearner\r\n".encode("utf-16"),
        "\r\n;;\r\nemail;name;role\r\njuergen@x.edu;Jürgen Groß;Student\r\n".encode("utf-8-sig"),
        "SEP=,\nemail,name,role\njuergen@x.edu,Jürgen Groß,pupil\n".encode(),
    ],
)
def test_lists_as_excel_saves_them(data: bytes) -> None:
    read = people_csv.read(data)
    assert read.problems == ()
    assert [(person.email, person.name, person.role) for person in read.people] == [
        ("juergen@x.edu", "Jürgen Groß", "learner")
    ]
