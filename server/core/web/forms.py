"""Submitted form values and their errors, and text that waits for a sign-in."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Self

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from msgspec import UNSET, UnsetType

from server.core.errors import EditConflict, Problem, TooLarge
from server.core.text.merge import fingerprint
from storage.messages import N_, Figure, Message, Unit

STARTED = "started-"  # prefix of hidden fields: fingerprint of the text that the typing started from
RESTORE = "kept_restore"  # hidden field: show this text in the form, do not save it
PERSON, PAGE, KEY = "kept_person", "kept_page", "kept_key"  # hidden fields of the macro `kept`
CARRIED = "typed-"  # prefix of fields that the sign-in page carries along
CARRIED_BYTES = 200_000  # all texts together
MAX_FIELDS = 2_000  # an order of lessons has a field for each
BODY_BYTES = 1_000_000  # larger bodies are not read without a session


class Form(msgspec.Struct, frozen=True):
    """Template variable: `values` fill the fields again, and each of `errors` is shown beside its field."""

    values: Mapping[str, str] = {}
    errors: Mapping[str, Message] = {}  # by field; the template translates
    problem: Message | None = None  # error that belongs to no single field
    status: int = 200
    conflicts: Mapping[str, str] = {}  # saved texts of fields that somebody else changed meanwhile
    saved_at: datetime | None = None  # of these texts

    @classmethod
    async def read(cls, request: Request[Any, Any, Any]) -> Self:
        """Text fields only. The last of equal names wins; values are trimmed, except passwords."""
        return cls(_texts(await submitted(request)))

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def checked(self, name: str) -> bool:
        return name in self.values

    @property
    def restored(self) -> bool:
        """Whether the text comes back after a sign-in: it is shown in the form, and not saved."""
        return RESTORE in self.values

    @property
    def version(self) -> int | UnsetType:
        """Version that the form was opened with. A malformed one is older than every other."""
        text = self.values.get("version")
        if text is None:
            return UNSET
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0

    @property
    def started(self) -> dict[str, str]:
        """Fingerprints of the texts that the form was opened with."""
        return {
            name.removeprefix(STARTED): value
            for name, value in self.values.items()
            if name.startswith(STARTED)
        }

    def refused(self, problem: Problem) -> Self:
        """The same form with the errors of `problem`, to be shown again; its 400 becomes 422."""
        if isinstance(problem, EditConflict):
            return self._in_conflict(problem)
        errors = {name: told for name, told in problem.fields.items() if name}
        general = None if problem.message in errors.values() else problem.message
        status = problem.status if problem.status != 400 else 422
        return type(self)(self.values, errors, general, status)

    def _in_conflict(self, problem: EditConflict) -> Self:
        """The form with both texts. It starts from the saved version now: saving it again is deliberate."""
        merged = problem.merged
        saved = {**merged.texts, **merged.conflicts}
        values = {
            **self.values,
            **merged.texts,
            "version": str(problem.version),
            **{STARTED + name: fingerprint(text) for name, text in saved.items()},
        }
        return type(self)(
            values, status=problem.status, conflicts=merged.conflicts, saved_at=problem.saved_at
        )


async def submitted(request: Request[Any, Any, Any]) -> FormMultiDict:
    """All fields of a form. Parsing takes 8 µs a field, on the event loop. Raises TooLarge."""
    kind = request.content_type[0]
    if kind == RequestEncodingType.URL_ENCODED and (await request.body()).count(b"&") >= MAX_FIELDS:
        raise TooLarge(N_("The form has more than %(count)s fields."), count=Figure(MAX_FIELDS, Unit.NUMBER))
    try:
        return await request.form()
    except HTTPException as error:
        if "too large" in error.detail.lower():  # a limit of the multipart parser
            raise TooLarge(N_("The form has too many or too long fields.")) from error
        raise


async def submitted_list(request: Request[Any, Any, Any]) -> bytes:
    """List of a form: of its field `file`, or else the text of its field `list`. Raises TooLarge."""
    form = await submitted(request)
    file = form.get("file")
    data = await file.read() if isinstance(file, UploadFile) else b""
    pasted = form.get("list")
    return data or (pasted.strip().encode() if isinstance(pasted, str) else b"")


class TypedForm(msgspec.Struct, frozen=True):
    """Text that was submitted without a session. The sign-in page carries it along, unsaved."""

    action: str  # path that it was submitted to
    page: str  # path of the form's page
    person: str  # id of the person it was typed by; nobody else is shown it
    values: Mapping[str, str] = {}
    too_long: bool = False

    @classmethod
    def carried(cls, form: Form) -> Self | None:
        """As the sign-in page has submitted it."""
        values = {
            name.removeprefix(CARRIED): value
            for name, value in form.values.items()
            if name.startswith(CARRIED)
        }
        if not values.get(PERSON):
            return None
        return cls(form["typed_action"], values.get(PAGE, ""), values[PERSON], values)


async def typed_form(connection: ASGIConnection[Any, Any, Any, Any]) -> TypedForm | None:
    """Text of a submitted page form that has the macro `kept`; None for every other request.

    Passwords and files are left out. A body without a length, or with a large one, is not read.
    """
    length = connection.headers.get("content-length", "")
    if connection.scope.get("method") != "POST" or not length.isdigit() or int(length) > BODY_BYTES:
        return None
    request: Request[Any, Any, Any] = Request(connection.scope, connection.receive)
    values: dict[str, str] = {}
    with suppress(HTTPException, UnicodeDecodeError, TooLarge):
        values = _texts(await submitted(request))
    if not values.get(PERSON):
        return None
    texts = {name: value for name, value in values.items() if "password" not in name}
    too_long = sum(len(value.encode()) for value in texts.values()) > CARRIED_BYTES
    return TypedForm(
        connection.url.path, values.get(PAGE, "/"), values[PERSON], {} if too_long else texts, too_long
    )


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value if "password" in name else value.strip()
        for name, value in data.items()
        if isinstance(value, str)
    }
