"""A list of people as a spreadsheet exports it. Pure: bytes in, people and sentences out."""

import csv
import io
from functools import partial

import msgspec

from server.accounts import rules
from server.accounts.schemas import LineProblem, NewPerson
from server.core.errors import Invalid, all_valid

NEEDED = ("email", "name", "role")
COLUMNS = (*NEEDED, "password")
MOST_LINES = 20_000


class Roster(msgspec.Struct, frozen=True):
    people: tuple[NewPerson, ...]
    problems: tuple[LineProblem, ...]


def read(data: bytes) -> Roster:
    """Columns email, name, role and perhaps password, in any order, between commas, semicolons or tabs.

    Raises Invalid when it is no such list at all; what is wrong with single lines is told by line.
    """
    rows = _rows(data)
    header = [name.strip().lower() for name in rows[0][1]] if rows else []
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise Invalid(f"The first line must name the columns {', '.join(NEEDED)}; {missing[0]} is missing.")
    if not rows[1:]:
        raise Invalid("The list names no people: write one a line, below the names of the columns.")
    people: dict[str, NewPerson] = {}
    problems: list[LineProblem] = []
    for line, row in rows[1:]:
        values = dict(zip(header, row, strict=False))
        try:
            email, name, role = (values.get(column, "") for column in NEEDED)
            person = clean(NewPerson(email, name, role, values.get("password") or None))
            if person.email in people:
                raise Invalid(f"{person.email} stands in the list twice.")
            people[person.email] = person
        except Invalid as problem:
            problems.append(LineProblem(line, problem.detail))
    return Roster(tuple(people.values()), tuple(problems))


def clean(person: NewPerson) -> NewPerson:
    """As it is stored. Raises Invalid with all that is wrong."""
    checks = {
        "email": partial(rules.clean_email, person.email),
        "name": partial(rules.clean_name, person.name),
        "role": partial(rules.clean_role, person.role),
    }
    if person.password is not None:
        checks["password"] = partial(rules.clean_password, person.password, email=person.email)
    return NewPerson(**all_valid(checks))


def _rows(data: bytes) -> list[tuple[int, list[str]]]:
    """Each with the number of the line it ends on; empty ones are left out."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The list is not UTF-8. Save it as CSV UTF-8 and try again.") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error:
        raise Invalid(
            f"Line {reader.line_num} cannot be read as CSV: look for a stray quotation mark."
        ) from None
    if len(rows) > MOST_LINES:
        raise Invalid(f"The list has more than {MOST_LINES} lines. Split it.")
    return rows
