"""CSV lists of people, as spreadsheets export them. Pure: bytes in, people and sentences out."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial

import msgspec

from server.accounts import rules
from server.accounts.schemas import LineProblem, NewPerson
from server.core.errors import Invalid, all_valid
from storage.messages import N_
from storage.states import Role

REQUIRED = ("email", "name", "role")
HEADINGS = {  # in English and German, as people write them
    **dict.fromkeys(("e-mail", "mail", "email address", "e-mail address", "e-mail-adresse"), "email"),
    **dict.fromkeys(("full name", "vollständiger name", "vor- und nachname"), "name"),
    **dict.fromkeys(("rolle",), "role"),
    **dict.fromkeys(("passwort", "kennwort"), "password"),
}
ROLES = {  # as lists and the pages name them, in English and German
    **dict.fromkeys(("learners", "student", "students", "pupil", "studentin", "studierende"), Role.LEARNER),
    **dict.fromkeys(("teilnehmer", "teilnehmerin", "teilnehmende", "lernende", "lernender"), Role.LEARNER),
    **dict.fromkeys(("schüler", "schülerin", "lernende(r)"), Role.LEARNER),
    **dict.fromkeys(("instructors", "teacher", "teachers", "lecturer"), Role.INSTRUCTOR),
    **dict.fromkeys(("lehrende", "lehrender", "lehrende(r)", "lehrer", "lehrerin"), Role.INSTRUCTOR),
    **dict.fromkeys(("lehrkraft", "dozent", "dozentin"), Role.INSTRUCTOR),
    **dict.fromkeys(("admin", "administrators", "administratorin", "administrator(in)"), Role.ADMINISTRATOR),
}
MAX_LINES = 20_000
SHOWN_LENGTH = 80  # characters of a value that is at fault


class PeopleList(msgspec.Struct, frozen=True):
    people: tuple[NewPerson, ...]
    problems: tuple[LineProblem, ...]


def read(data: bytes) -> PeopleList:
    """Columns email, name, role and optionally password, in any order, between commas, semicolons or tabs.

    Raises Invalid when the whole list is unusable; errors of single lines are returned as `problems`.
    """
    lines = read_rows(data)
    header = [column_name(name) for name in lines[0][1]] if lines else []
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise Invalid(
            N_("The first line must name the columns %(columns)s; %(missing)s is missing."),
            columns=", ".join(REQUIRED),
            missing=missing[0],
        )
    if not lines[1:]:
        raise Invalid(N_("The list contains no people: write one per line, below the names of the columns."))
    people: dict[str, NewPerson] = {}
    problems: list[LineProblem] = []
    for line, row in lines[1:]:
        values = dict(zip(header, row, strict=False))
        try:
            email, name, role = (values.get(column, "") for column in REQUIRED)
            role = ROLES.get(role.strip().lower(), role)
            person = clean(NewPerson(email, name, role, values.get("password") or None))
            if person.email in people:
                twice = N_("%(email)s is in the list twice.")
                raise Invalid(twice, fields={"email": twice}, email=person.email)
            people[person.email] = person
        except Invalid as problem:
            problems += _faults(line, values, problem)
    return PeopleList(tuple(people.values()), tuple(problems))


def _faults(line: int, values: Mapping[str, str], problem: Invalid) -> Iterator[LineProblem]:
    """One for each value that is at fault."""
    person = ", ".join(filter(None, (excerpt(values.get(column, "")) for column in ("name", "email"))))
    for column, sentence in problem.fields.items():
        value = "" if column == "password" else excerpt(values.get(column, ""))
        yield LineProblem(line, sentence, person, value)


def excerpt(text: str) -> str:
    """In one line, for pages and terminals."""
    line = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text[: 2 * SHOWN_LENGTH].split()))
    return line if len(line) <= SHOWN_LENGTH else f"{line[: SHOWN_LENGTH - 1]}…"


def column_name(heading: str) -> str:
    name = heading.strip().lower()
    return HEADINGS.get(name, name)


def clean(person: NewPerson) -> NewPerson:
    """Person as stored. Raises one Invalid with all errors."""
    checks: dict[str, Callable[[], str]] = {
        "email": partial(rules.clean_email, person.email),
        "name": partial(rules.clean_name, person.name),
        "role": partial(rules.clean_role, person.role),
    }
    if person.password is not None:
        checks["password"] = partial(rules.clean_password, person.password, email=person.email)
    return NewPerson(**all_valid(checks))


def decoded(data: bytes) -> str:
    """Text of a list as spreadsheets save it: UTF-8, UTF-16 ("Unicode text") or Windows-1252 ("CSV").

    Raises Invalid for a file that is none of them.
    """
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if wide else ["utf-8-sig", "cp1252"]:
        with suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            if "\x00" not in text:
                return text
    raise Invalid(N_("This is not a CSV file. Save the list as CSV and try again."))


def read_rows(data: bytes) -> list[tuple[int, list[str]]]:
    """Rows with the number of the line they end on; empty ones, and Excel's `sep=;`, are left out."""
    text = decoded(data)
    lines = [line for line in text.splitlines() if line.strip()] or [""]
    named = re.fullmatch(r"sep=([,;\t])", lines[0].strip().lower() if "\t" not in lines[0] else lines[0])
    delimiter = named[1] if named else max(",;\t", key=lines[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
        rows = rows[1:] if named else rows
    except csv.Error:
        raise Invalid(
            N_("Line %(line)s cannot be read as CSV: look for a stray quotation mark."), line=reader.line_num
        ) from None
    if len(rows) > MAX_LINES:
        raise Invalid(N_("The list has more than %(count)s lines. Split it."), count=MAX_LINES)
    return rows
