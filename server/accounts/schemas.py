"""Input and output types of the account services, as JSON and as template variables."""

from datetime import datetime

import msgspec

from storage.messages import Message
from storage.states import Role


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
    person: str = ""  # name and address as they are in the list
    value: str = ""  # that is at fault; never a password


class Imported(msgspec.Struct, frozen=True):
    """Result of an import: with any problem, nothing was written."""

    added: int
    changed: int
    unchanged: int
    problems: tuple[LineProblem, ...] = ()


class PersonChange(msgspec.Struct, frozen=True):
    """Person of a list who has an account, before and after."""

    email: str
    old_name: str
    name: str
    old_role: Role
    role: Role


class Preview(msgspec.Struct, frozen=True):
    """What an import would do."""

    added: int
    changed: int
    unchanged: int
    first: tuple[NewPerson, ...] = ()  # some of them as they were read
    changes: tuple[PersonChange, ...] = ()
    new_administrators: tuple[str, ...] = ()  # names
    problems: tuple[LineProblem, ...] = ()

    @property
    def people(self) -> int:
        return self.added + self.changed + self.unchanged


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
