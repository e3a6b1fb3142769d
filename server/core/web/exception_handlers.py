"""Exception handlers: RFC 9457 details for programs, an error page for people."""

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
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from server.core.errors import (
    EditConflict,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    SignInNeeded,
    TooLarge,
    Unavailable,
    Unexpected,
)
from server.core.text.formats import translated
from server.core.text.i18n import negotiate, set_language
from server.core.web.pages import problem_page
from storage.database.engine import DatabaseUnreachable
from storage.database.trouble import Trouble, trouble_of
from storage.messages import N_, Figure, Message, Unit, message

AnyRequest = Request[Any, Any, State]
log = structlog.get_logger()

CLIENT_GONE = "client disconnected prematurely"  # an InternalServerException of Litestar
NOT_A_CHARACTER = "22021"  # SQLSTATE character_not_in_repertoire
SIGN_IN = "/sign-in"
CHANGING = N_("Others are changing the same at this moment. Try again.")
SENTENCES = {
    Trouble.UNDONE: CHANGING,
    Trouble.BUSY: CHANGING,
    Trouble.FULL: N_("The server's disk is full. Nothing was stored. Try again in a moment."),
    Trouble.READ_ONLY: N_(
        "The database takes no changes right now. Nothing was stored. Try again in a moment."
    ),
    Trouble.AWAY: N_("The database cannot be reached. Try again in a moment."),
}
MACHINE_PATHS = ("/api/", "/m/", "/health/", "/static/")


class BothTexts(msgspec.Struct, frozen=True):
    """Field of a refused save: the text that was sent and the one that is saved."""

    yours: str
    saved: str


class Details(msgspec.Struct, frozen=True, omit_defaults=True):
    """Problem details (RFC 9457 section 3.1), with the errors of form fields and the id in the log.

    `version` and `conflicts` belong to a save over a later one: the current version, and the fields in
    conflict.
    """

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    fields: dict[str, str] = {}
    reference: str | None = None
    version: int | None = None
    conflicts: dict[str, BothTexts] = {}


def wants_page(request: AnyRequest) -> bool:
    path = request.url.path
    return not path.startswith(MACHINE_PATHS) and "text/html" in request.headers.get("accept", "")


def render(request: AnyRequest, problem: Problem, reference: str | None = None) -> Response[Any]:
    """In the reader's language, also where the error came before or after the language was set: an unknown
    address, a refused middleware."""
    otherwise = request.app.state["institution_cache"].known.language
    set_language(negotiate(request.headers.get("accept-language", ""), otherwise))
    if not wants_page(request):
        # In the reader's language, as on a page: our own scripts show these texts unchanged.
        details = Details(
            translated(problem.title),
            problem.status,
            translated(problem.message),
            fields={name: translated(sentence) for name, sentence in problem.fields.items()},
            reference=reference,
            version=problem.version if isinstance(problem, EditConflict) else None,
            conflicts=_both_texts(problem) if isinstance(problem, EditConflict) else {},
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
    """Redirect to the sign-in page, which leads back to the requested page; not after a submitted form."""
    if request.method != "GET":
        return Redirect(SIGN_IN, status_code=303)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = SIGN_IN if here == "/" else f"{SIGN_IN}?next={quote(here, safe='/')}"
    return Redirect(target, status_code=303)


def _both_texts(problem: EditConflict) -> dict[str, BothTexts]:
    merged = problem.merged
    return {name: BothTexts(merged.texts[name], saved) for name, saved in merged.conflicts.items()}


def on_problem(request: AnyRequest, problem: Problem) -> Response[Any]:
    response = render(request, problem)
    if isinstance(problem, Unavailable):
        response.headers["Retry-After"] = str(problem.retry_seconds)
        response.headers["Cache-Control"] = "no-store"
    return response


def on_http(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Litestar's client errors with our texts; its server errors count as ours, except a client that left."""
    if error.detail == CLIENT_GONE:
        return render(request, Invalid(N_("The connection was closed before the end of the request.")))
    if error.status_code >= 500:
        return on_unexpected(request, error)
    response = render(request, _problem_of(error))
    for name, value in (error.headers or {}).items():
        response.headers.setdefault(name, value)
    return response


def on_unreadable(request: AnyRequest, error: Exception) -> Response[Any]:
    """Undecodable body: Litestar does not catch these where it reads one; anywhere else they are a bug."""
    raised_in = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)][-1]
    if not raised_in.startswith("litestar."):
        return on_unexpected(request, error)
    return render(request, Invalid(N_("The request is not UTF-8 text, or nested too deeply.")))


def on_database(request: AnyRequest, error: DBAPIError) -> Response[Any]:
    """NUL in a text: PostgreSQL rejects it wherever it occurs, in a path, a search or a title."""
    if getattr(error.orig, "sqlstate", None) == NOT_A_CHARACTER:
        return render(request, Invalid(N_("The request contains a character that is not allowed in text.")))
    return on_trouble(request, error)


def on_trouble(request: AnyRequest, error: Exception) -> Response[Any]:
    """The database cannot take the request for now: nothing of it was stored, and it can be sent again."""
    trouble = trouble_of(error)
    if trouble is None:
        return on_unexpected(request, error)
    log.error("database cannot take it", trouble=trouble, path=request.url.path, reason=str(error))
    return on_problem(request, Unavailable(SENTENCES[trouble]))


def on_unreachable(request: AnyRequest, error: DatabaseUnreachable) -> Response[Any]:
    log.error("database unreachable", reason=str(error))
    return on_problem(request, Unavailable(SENTENCES[Trouble.AWAY]))


def on_late(request: AnyRequest, error: TimeoutError) -> Response[Any]:
    """A statement of PostgreSQL that waited too long, or the queue."""
    log.error("no answer in time", path=request.url.path, exc_info=error)
    return on_problem(request, Unavailable(SENTENCES[Trouble.BUSY]))


def on_unexpected(request: AnyRequest, error: Exception) -> Response[Any]:
    reference = secrets.token_hex(4)
    log.error(
        "unhandled exception",
        reference=reference,
        method=request.method,
        path=request.url.path,
        exc_info=error,
    )
    sentence = N_(
        "This is an error in the server, not in your request. It was logged. Try again in a moment."
    )
    return render(request, Unexpected(sentence), reference)


def _problem_of(error: HTTPException) -> Problem:
    if isinstance(error, ValidationException):
        fields = dict(
            _field(item["key"], item["message"])
            for item in error.extra or ()
            if isinstance(item, dict) and "key" in item and "message" in item
        )
        return Invalid(N_("Some fields are missing or of the wrong type."), fields=fields)
    known: dict[int, type[Problem]] = {403: Forbidden, 404: NotFound, 413: TooLarge}
    sentences = {
        400: message(N_("The request cannot be read: %(reason)s."), reason=error.detail.rstrip(".")),
        404: message(N_("There is nothing at this address.")),
        405: message(N_("This address does not accept this method.")),
        408: message(N_("The request took too long to arrive.")),
        413: message(N_("The request is larger than this address accepts.")),
    }
    status = error.status_code
    problem = known.get(status, Problem)(sentences.get(status) or Message(error.detail))
    problem.status = status
    return problem


HANDLERS: ExceptionHandlersMap = {
    Problem: on_problem,
    HTTPException: on_http,
    UnicodeDecodeError: on_unreadable,
    RecursionError: on_unreadable,
    DBAPIError: on_database,
    PoolTimeoutError: on_trouble,
    TimeoutError: on_late,
    DatabaseUnreachable: on_unreachable,
    Exception: on_unexpected,
}


def _field(key: str, text: str) -> tuple[str, Message]:
    """Field name and sentence. msgspec names a missing or unknown field only in its message; the key is
    then the whole body. For a missing body Litestar gives only its own name for it."""
    if found := re.fullmatch(r"Object missing required field `(.+)`", text):
        return found[1], Message(N_("This field is missing."))
    if found := re.fullmatch(r"Object contains unknown field `(.+)`", text):
        return found[1], Message(N_("There is no such field."))
    if found := re.fullmatch(r"Expected `array` of length <= (\d+)", text):
        longest = Figure(int(found[1]), Unit.NUMBER)
        return key, message(N_("The list has more than %(count)s entries. Split it."), count=longest)
    if (key, text) == ("data", "'data'"):
        return key, Message(N_("A JSON object is needed."))
    return key, Message(f"{text}.")  # msgspec's own words, in English
