"""Sign-in pages: the set-up link, signing in and out, and the front page by role."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler, ExceptionHandlersMap

from server.accounts import dependencies, rules
from server.accounts.identity import Viewer
from server.accounts.signing_in import devices, limits, service, setup
from server.core.clock import Clock
from server.core.errors import Gone, Problem, SignInNeeded
from server.core.text.i18n import gettext as _
from server.core.web import exception_handlers
from server.core.web.cookies import cleared_cookie, cookie_name, device_cookie, session_cookie
from server.core.web.flash import redirect
from server.core.web.forms import STARTED, Form, TypedForm
from server.core.web.pages import page
from server.institution import rules as institution
from server.institution.cache import InstitutionCache
from server.settings import Settings
from storage.database.engine import Database
from storage.messages import N_, message

SIGNED_IN = "signed-in"  # query parameter: the password was right
NO_COOKIE = N_(
    "The password was right, but your browser did not keep the cookie of this site. Allow cookies for it, "
    "and open it at %(address)s."
)
AnyRequest = Request[Any, Any, State]


@get("/")
async def front(viewer: NamedDependency[Viewer]) -> Redirect:
    return redirect("/teach" if viewer.can_teach else "/dashboard")


@get("/setup/{token:str}")
async def setup_page(
    request: AnyRequest, token: FromPath[str], database: NamedDependency[Database]
) -> Template:
    if not await setup.is_open(database, token):
        raise Gone(setup.LINK_USED)
    return _setup(request, token, Form())


@post("/setup/{token:str}")
async def set_up(
    request: AnyRequest,
    token: FromPath[str],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    institution_cache: NamedDependency[InstitutionCache],
) -> Response[Any]:
    form = await Form.read(request)
    try:
        signed_in = await setup.complete(
            database,
            token,
            email=form["email"],
            name=form["name"],
            password=form["password"],
            institution=form["institution"],
            time_zone=form["time_zone"],
            now=clock.now(),
        )
    except Gone:
        raise
    except Problem as problem:
        return _setup(request, token, form.refused(problem))
    await institution_cache.load()
    response = redirect("/teach", _("You are signed in as the administrator."))
    response.set_cookie(session_cookie(settings.public_url, signed_in.secret))
    return response


def _setup(request: AnyRequest, token: str, form: Form) -> Template:
    return page(
        request,
        "accounts/setup.html",
        status_code=form.status,
        form=form,
        token=token,
        zones=[(zone, zone.replace("_", " ")) for zone in institution.time_zones()],
    )


@get("/sign-in")
async def sign_in_page(
    request: AnyRequest,
    maybe_viewer: NamedDependency[Viewer | None],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    institution_cache: NamedDependency[InstitutionCache],
) -> Template | Redirect:
    target = rules.local_path(request.query_params.get("next"))
    if maybe_viewer:
        return redirect(target)
    await institution_cache.load()
    form = Form({"next": target})
    if SIGNED_IN in request.query_params:
        form = Form(form.values, problem=message(NO_COOKIE, address=settings.public_url))
    return _sign_in(request, form, set_up=await setup.has_administrator(database))


@post("/sign-in")
async def sign_in(
    request: AnyRequest,
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    client_address: NamedDependency[str],
) -> Response[Any]:
    form, now = await Form.read(request), clock.now()
    email = rules.normal_email(form["email"])
    cookie = request.cookies.get(cookie_name(settings.public_url, devices.COOKIE), "")
    device = await devices.known(database, cookie, email, now)
    try:
        signed_in = await service.sign_in(
            database,
            email=email,
            password=form["password"],
            source=limits.from_device(device) if device else limits.from_network(client_address),
            previous=dependencies.session_secret(request, settings),
            now=now,
        )
    except Problem as problem:
        return _sign_in(request, form.refused(problem), set_up=await setup.has_administrator(database))
    response = _after_sign_in(request, form, signed_in.viewer)
    response.set_cookie(session_cookie(settings.public_url, signed_in.secret))
    cookie = await devices.remember(database, cookie, email, now)
    response.set_cookie(device_cookie(settings.public_url, devices.COOKIE, cookie, devices.LIFETIME))
    return response


def _after_sign_in(request: AnyRequest, form: Form, viewer: Viewer) -> Response[Any] | Template:
    """Redirect by way of the sign-in page, which sees whether the cookie comes back; or the page that leads
    back to a form whose text waited, for its own author only."""
    typed = TypedForm.carried(form)
    if typed is None:
        return redirect(f"/sign-in?{urlencode({SIGNED_IN: 'yes', 'next': rules.local_path(form['next'])})}")
    here, action = rules.local_path(typed.page), rules.local_path(typed.action)
    if typed.person != viewer.id:
        return redirect(here, _("What was typed before belongs to another account and is not shown."), "info")
    texts = [text for name, text in typed.values.items() if _is_readable(name, text)]
    return page(
        request,
        "accounts/continue.html",
        viewer=viewer,
        typed=typed,
        action=action,
        here=here,
        texts=texts,
    )


def _is_readable(name: str, text: str) -> bool:
    return bool(text) and not name.startswith((STARTED, "kept_")) and name != "version"


def _sign_in(
    request: AnyRequest, form: Form, *, set_up: bool = True, typed: TypedForm | None = None
) -> Template:
    return page(
        request,
        "accounts/sign_in.html",
        status_code=form.status,
        form=form,
        set_up=set_up,
        typed=typed or TypedForm.carried(form),
    )


def ask_to_sign_in(request: AnyRequest, problem: SignInNeeded) -> Response[Any]:
    """Exception handler: the sign-in page with the text of a submitted form; otherwise a redirect to it."""
    typed: TypedForm | None = request.state.get("typed")
    if typed is None or not exception_handlers.wants_page(request):
        return exception_handlers.on_problem(request, problem)
    return _sign_in(request, Form({"next": rules.local_path(typed.page)}, status=problem.status), typed=typed)


@get("/sign-out")
async def sign_out_page(request: AnyRequest, viewer: NamedDependency[Viewer]) -> Template:
    return page(request, "accounts/sign_out.html", viewer=viewer)


@post("/sign-out")
async def sign_out(
    request: AnyRequest, settings: NamedDependency[Settings], database: NamedDependency[Database]
) -> Redirect:
    await service.sign_out(database, dependencies.session_secret(request, settings))
    response = redirect("/sign-in", _("You are signed out."), "info")
    response.set_cookie(cleared_cookie(settings.public_url))
    return response


HANDLERS: ExceptionHandlersMap = {SignInNeeded: ask_to_sign_in}
ROUTES: list[ControllerRouterHandler] = [
    front,
    setup_page,
    set_up,
    sign_in_page,
    sign_in,
    sign_out_page,
    sign_out,
]
