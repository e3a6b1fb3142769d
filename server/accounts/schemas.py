"""Input and output types of the account services, as JSON and as template variables."""

from datetime import datetime

import msgspec

from storage.messages import Message


class NewPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    name: str
    role: str
    password: str | None = None  # None: cannot sign in until an administrator sets one


class PersonPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Partial update: only the given fields change."""

    name: str | None = None
    role: str | None = None
    disabled: bool | None = None
    password: str | None = None


class Person(msgspec.Struct, frozen=True):
    id: str
    email: str
    name: str
    role: str
    disabled: bool
    has_password: bool
    created_at: datetime


class LineProblem(msgspec.Struct, frozen=True):
    line: int  # from 1, which is the header
    sentence: Message | str  # a message until it is shown


class Imported(msgspec.Struct, frozen=True):
    """Result of an import, all or nothing: with any problem, nothing was written."""

    added: int
    changed: int
    unchanged: int
    problems: tuple[LineProblem, ...] = ()


class MePatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str  # where it is used, shown for revoking it


class TokenInfo(msgspec.Struct, frozen=True):
    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime


class MadeToken(msgspec.Struct, frozen=True):
    id: str
    name: str
    token: str  # shown only once
    expires_at: datetime
