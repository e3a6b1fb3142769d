"""Whatever goes wrong becomes RFC 9457 details for programs and a calm page for people."""

import re
import secrets
from traceback import walk_tb
from typing import Any
from urllib.parse import quote

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import DBAPIError

from server.core.errors import Forbidden, Invalid, NotFound, Problem, SignInNeeded, TooLarge, Unexpected
from server.core.text.formats import translated
from server.core.web.pages import problem_page

AnyRequest = Request[Any, Any, State]
log = structlog.get_logger()

NOT_A_CHARACTER = "22021"  # SQLSTATE character_not_in_repertoire
SIGN_IN = "/sign-in"
MACHINE_PATHS = ("/api/", "/m/", "/health/", "/static/")


class Details(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457 section 3.1, with the fields of a form and the id under which the log knows it."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    fields: dict[str, str] = {}
    reference: str | None = None


def wants_page(request: AnyRequest) -> bool:
    path = request.url.path
    return not path.startswith(MACHINE_PATHS) and "text/html" in request.headers.get("accept", "")


def render(request: AnyRequest, problem: Problem, reference: str | None = None) -> Response[Any]:
    if not wants_page(request):
        # In the reader's language, as on a page: our own scripts show them as they are.
        details = Details(
            translated(problem.title),
            problem.status,
            translated(problem.detail),
            fields={name: translated(sentence) for name, sentence in problem.fields.items()},
            reference=reference,
        )
        headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else None
        return Response(
            msgspec.json.encode(details),
            status_code=problem.status,
            media_type="application/problem+json",
            headers=headers,
        )
    if isinstance(problem, SignInNeeded):
        return _to_sign_in(request)
    return problem_page(request, problem, viewer=request.state.get("viewer"), reference=reference)


def _to_sign_in(request: AnyRequest) -> Response[Any]:
    """And back again afterwards, where that is a page and not a form that was sent."""
    if request.method != "GET":
        return Redirect(SIGN_IN, status_code=303)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = SIGN_IN if here == "/" else f"{SIGN_IN}?next={quote(here, safe='/')}"
    return Redirect(target, status_code=303)


def on_problem(request: AnyRequest, problem: Problem) -> Response[Any]:
    return render(request, problem)


def on_http(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """The framework's own refusals, in our words; its own mistakes are ours."""
    if error.status_code >= 500:
        return on_unexpected(request, error)
    response = render(request, _in_our_words(error))
    for name, value in (error.headers or {}).items():
        response.headers.setdefault(name, value)
    return response


def on_unreadable(request: AnyRequest, error: Exception) -> Response[Any]:
    """Litestar lets these through where it reads a body; anywhere else they are our mistake."""
    raised_in = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)][-1]
    if not raised_in.startswith("litestar."):
        return on_unexpected(request, error)
    return render(request, Invalid("The request is not UTF-8 text, or nested too deeply."))


def on_database(request: AnyRequest, error: DBAPIError) -> Response[Any]:
    """PostgreSQL holds no NUL in a text, and says so wherever one turns up: in a path, a search, a title."""
    if getattr(error.orig, "sqlstate", None) == NOT_A_CHARACTER:
        return render(request, Invalid("The request holds a character that no text may hold."))
    return on_unexpected(request, error)


def on_unexpected(request: AnyRequest, error: Exception) -> Response[Any]:
    reference = secrets.token_hex(4)
    log.error("unexpected", reference=reference, method=request.method, path=request.url.path, exc_info=error)
    sentence = "This is our mistake, not yours, and it has been noted. Try again in a moment."
    return render(request, Unexpected(sentence), reference)


def _in_our_words(error: HTTPException) -> Problem:
    if isinstance(error, ValidationException):
        fields = dict(
            _field(item["key"], item["message"])
            for item in error.extra or ()
            if isinstance(item, dict) and "key" in item and "message" in item
        )
        return Invalid("Some fields are missing or of the wrong kind.", fields=fields)
    known: dict[int, type[Problem]] = {403: Forbidden, 404: NotFound, 413: TooLarge}
    sentences = {
        400: f"The request cannot be read: {error.detail.rstrip('.')}.",
        404: "There is nothing at this address.",
        405: "This address does not take such requests.",
        413: "The request is larger than this address takes.",
    }
    status = error.status_code
    problem = known.get(status, Problem)(sentences.get(status, error.detail))
    problem.status = status
    return problem


HANDLERS: ExceptionHandlersMap = {
    Problem: on_problem,
    HTTPException: on_http,
    UnicodeDecodeError: on_unreadable,
    RecursionError: on_unreadable,
    DBAPIError: on_database,
    Exception: on_unexpected,
}


def _field(key: str, message: str) -> tuple[str, str]:
    """msgspec names a missing or unknown field only in its message; the key is then the whole body.
    Of a body that is not there at all Litestar tells nothing but the name it has for it."""
    if found := re.fullmatch(r"Object missing required field `(.+)`", message):
        return found[1], "This field is missing."
    if found := re.fullmatch(r"Object contains unknown field `(.+)`", message):
        return found[1], "There is no such field."
    if (key, message) == ("data", "'data'"):
        return key, "A JSON object is needed."
    return key, f"{message}."
