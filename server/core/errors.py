"""Request errors, rendered by `core.web.exception_handlers` as RFC 9457 details or as a page."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from server.core.text.merge import Merged
from storage.messages import N_, Message, MessageError, Value


class Problem(MessageError):
    """Base error: `Problem(N_("The file has %(size)s."), size=byte_size(count))`.

    The message says what to do; `fields` maps form fields to such messages. Both are kept as key and
    values, and translated where they are shown. `str()` is in English. `way_on`: path that the error page
    leads to, beside the start.
    """

    status = 400
    title = N_("The request could not be processed")

    def __init__(
        self,
        told: str | Message,
        *,
        fields: Mapping[str, str | Message] | None = None,
        way_on: str = "",
        **values: Value,
    ) -> None:
        super().__init__(told, **values)
        self.way_on = way_on
        self.fields = {
            name: field if isinstance(field, Message) else Message(field, values)
            for name, field in (fields or {}).items()
        }


class Invalid(Problem):
    title = N_("The request is not valid")


class WrongFields:
    """Sentences of all fields that are wrong, collected before one Invalid names them."""

    def __init__(self) -> None:
        self.wrong: dict[str, str | Message] = {}

    def of(self, name: str, check: Callable[[], Any]) -> Any:
        """What a check of one field returns; None when it refuses."""
        try:
            return check()
        except Invalid as problem:
            self.wrong.setdefault(name, problem.message)
            return None

    def within(self, check: Callable[[], Any], prefix: str = "") -> Any:
        """What a check of several fields returns, which it names itself; None when it refuses."""
        try:
            return check()
        except Invalid as problem:
            for name, sentence in problem.fields.items():
                self.wrong.setdefault(f"{prefix}{name}", sentence)
            return None

    def refuse(self, name: str, sentence: str | Message) -> None:
        self.wrong.setdefault(name, sentence)

    def raise_any(self) -> None:
        if self.wrong:
            raise Invalid(next(iter(self.wrong.values())), fields=self.wrong)


def all_valid(checks: Mapping[str, Callable[[], str]]) -> dict[str, str]:
    """Results of all checks. Raises one Invalid with the sentences of every failed check."""
    results: dict[str, str] = {}
    failures: list[Invalid] = []
    for name, check in checks.items():
        try:
            results[name] = check()
        except Invalid as problem:
            failures.append(problem)
    if failures:
        fields = {field: text for problem in failures for field, text in problem.fields.items()}
        raise Invalid(failures[0].message, fields=fields)
    return results


class SignInNeeded(Problem):
    status = 401
    title = N_("Sign in first")


class Forbidden(Problem):
    status = 403
    title = N_("Not allowed")


class NotFound(Problem):
    status = 404
    title = N_("Not found")


class Gone(Problem):
    status = 410
    title = N_("No longer available")


class Conflict(Problem):
    status = 409
    title = N_("Not possible right now")


class EditConflict(Conflict):
    """Save over a later save. `merged` has both texts of each field, `version` is the saved one."""

    title = N_("Changed meanwhile")

    def __init__(self, merged: Merged, *, version: int, saved_at: datetime | None) -> None:
        super().__init__(N_("This was saved meanwhile. To save yours, send the current version with it."))
        self.merged = merged
        self.version = version
        self.saved_at = saved_at


class TooLarge(Problem):
    status = 413
    title = N_("Too large")


class TooManyAttempts(Problem):
    status = 429
    title = N_("Too many attempts")


class TooManyRequests(Problem):
    status = 429
    title = N_("Too many requests")


class Unexpected(Problem):
    status = 500
    title = N_("Something went wrong on the server")


class NoRoom(Problem):
    status = 507
    title = N_("Not enough space")


class Unavailable(Problem):
    """`retry_seconds`: value of Retry-After."""

    status = 503
    title = N_("Not available right now")
    retry_seconds = 5


class UnderMaintenance(Unavailable):
    title = N_("Maintenance")

    def __init__(self, told: Message, *, retry_seconds: int) -> None:
        super().__init__(told)
        self.retry_seconds = retry_seconds
