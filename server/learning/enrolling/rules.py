"""Rules of enrolling: codes of courses, ways into them, and lists of addresses. Pure."""

import msgspec

from server.accounts.people import people_csv
from server.core.errors import Invalid
from server.core.text.codes import grouped, normal_code
from server.library.rules import MAX_ADDRESSES
from storage.messages import N_, Figure, Unit
from storage.states import EnrolmentMode

CODE_LENGTH = 8  # 35 bits, behind a limit of guesses
GROUP = 4
NO_ADDRESS = N_("There is no email address in this line.")
_SEPARATORS = str.maketrans(",;<>", "    ")
UNKNOWN = N_("Nobody has an account with this address. An administrator can add them.")


class Line(msgspec.Struct, frozen=True):
    number: int
    text: str  # the address, or what is there in its place


class AddressList(msgspec.Struct, frozen=True):
    """Addresses of a list, each once, and the lines without one."""

    addresses: tuple[Line, ...]
    unreadable: tuple[Line, ...]


def clean_mode(text: str) -> EnrolmentMode:
    if text not in list(EnrolmentMode):
        sentence = N_("Choose how learners get in: instructor, open or code.")
        raise Invalid(sentence, fields={"mode": sentence})
    return EnrolmentMode(text)


def clean_code(text: str) -> str | None:
    """Code as stored; None for a text that no course has as its code."""
    return normal_code(text, CODE_LENGTH)


def shown_code(code: str) -> str:
    return grouped(code, GROUP)


def read_list(data: bytes) -> AddressList:
    """Addresses of a CSV file or a pasted list: of the column "email" if the first line names one, else all
    of every line. Raises Invalid when the whole list is unusable."""
    rows = people_csv.read_rows(data)
    columns = [people_csv.column_name(heading) for heading in rows[0][1]] if rows else []
    place = columns.index("email") if "email" in columns else None
    addresses: dict[str, Line] = {}
    unreadable: list[Line] = []
    for number, row in rows if place is None else rows[1:]:
        found = _addresses(row if place is None else row[place : place + 1])
        for address in found:
            addresses.setdefault(address, Line(number, address))
        if not found:
            unreadable.append(Line(number, people_csv.excerpt(", ".join(row))))
    if not addresses:
        sentence = N_("Write at least one email address.")
        raise Invalid(sentence, fields={"list": sentence})
    if len(addresses) > MAX_ADDRESSES:
        sentence = N_("The list has more than %(count)s addresses. Split it.")
        raise Invalid(sentence, fields={"list": sentence}, count=Figure(MAX_ADDRESSES, Unit.NUMBER))
    return AddressList(tuple(addresses.values()), tuple(unreadable))


def _addresses(cells: list[str]) -> list[str]:
    """In lower case, as in "Ada <ada@example.edu>"."""
    words = " ".join(cells).translate(_SEPARATORS).split()
    return [word.lower() for word in words if "@" in word.strip("@")]
