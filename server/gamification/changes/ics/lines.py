"""Content lines of an iCalendar file (RFC 5545, section 3.1): name, parameters and value. Pure."""

from collections.abc import Iterator

import msgspec

LINE_LENGTH = 20_000  # characters of an unfolded line that are kept; nothing that is read is as long


class Property(msgspec.Struct, frozen=True):
    line: int  # of the file, from 1
    name: str  # in capitals
    parameters: dict[str, str]  # names in capitals
    value: str


def properties(text: str) -> Iterator[Property]:
    """Every line that has a name and a value; others are left out."""
    for number, line in _unfolded(text):
        head, colon, value = _split(line)
        if not colon:
            continue
        name, *rest = _parts(head)
        found = (part.partition("=") for part in rest)
        parameters = {key.strip().upper(): given.strip('" ') for key, _, given in found}
        yield Property(number, name.strip().upper(), parameters, value.strip())


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Lines with the number of their first; one that begins with a space or tab goes on with the last."""
    begun, pieces, length = 0, list[str](), 0
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line[:1] in (" ", "\t") and pieces:
            if length < LINE_LENGTH:
                pieces.append(line[1:])
                length += len(line)
            continue
        if pieces:
            yield begun, "".join(pieces)
        begun, pieces, length = number, [line], len(line)
    if pieces:
        yield begun, "".join(pieces)


def _split(line: str) -> tuple[str, str, str]:
    """Head and value, at the first colon that is not in quotes."""
    quoted = False
    for place, character in enumerate(line[:LINE_LENGTH]):
        if character == '"':
            quoted = not quoted
        elif character == ":" and not quoted:
            return line[:place], ":", line[place + 1 :]
    return line, "", ""


def _parts(head: str) -> list[str]:
    """Name and parameters, between semicolons that are not in quotes."""
    found, quoted, begun = list[str](), False, 0
    for place, character in enumerate(head):
        if character == '"':
            quoted = not quoted
        elif character == ";" and not quoted:
            found.append(head[begun:place])
            begun = place + 1
    return [*found, head[begun:]]


def unescaped(text: str) -> str:
    """Text value (section 3.3.11) as people read it."""
    plain = text.replace("\\\\", "\0").replace("\\n", " ").replace("\\N", " ")
    return plain.replace("\\,", ",").replace("\\;", ";").replace("\0", "\\")
