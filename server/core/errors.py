"""What can go wrong with a request. One tree; `app.py` turns it into RFC 9457 details or a page."""

from collections.abc import Callable, Mapping


class Problem(Exception):
    """`str()` is a sentence that tells the reader what to do; `fields` maps a form field to one."""

    status = 400
    title = "The request could not be carried out"

    def __init__(self, detail: str, *, fields: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields or {}


class Invalid(Problem):
    title = "Something in the request is not right"


def all_valid(checks: Mapping[str, Callable[[], str]]) -> dict[str, str]:
    """What each check gives, or one Invalid with the sentences of all that refuse: forms tell all of it."""
    given: dict[str, str] = {}
    refused: list[Invalid] = []
    for name, check in checks.items():
        try:
            given[name] = check()
        except Invalid as problem:
            refused.append(problem)
    if refused:
        fields = {field: text for problem in refused for field, text in problem.fields.items()}
        raise Invalid(refused[0].detail, fields=fields)
    return given


class SignInNeeded(Problem):
    status = 401
    title = "Sign in first"


class Forbidden(Problem):
    status = 403
    title = "Not allowed"


class NotFound(Problem):
    status = 404
    title = "Not found"


class Gone(Problem):
    status = 410
    title = "No longer there"


class Conflict(Problem):
    status = 409
    title = "Not possible right now"


class TooLarge(Problem):
    status = 413
    title = "Too large"


class TooManyAttempts(Problem):
    status = 429
    title = "Too many tries"


class Unexpected(Problem):
    status = 500
    title = "Something went wrong here"


class NoRoom(Problem):
    status = 507
    title = "Not enough room"


class Unavailable(Problem):
    status = 503
    title = "Not available right now"
