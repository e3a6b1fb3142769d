"""HTML responses: the template environment and the variables of every page."""

from functools import cache
from typing import Any, Protocol

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request
from litestar.config.app import AppConfig
from litestar.plugins import InitPlugin
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template import TemplateConfig

from server.core.errors import Problem
from server.core.text import i18n
from server.core.text.figures import figure
from server.core.text.formats import FILTERS
from server.core.web import flash
from server.core.web.assets import ASSETS
from server.core.web.middleware.language import language_middleware
from web import TEMPLATES

PRODUCT = "SkillStudio"


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(FILTERS, figure=figure)
    made.globals.update(asset=ASSETS.url, product=PRODUCT, language=i18n.language)
    return made


class Panel(msgspec.Struct, frozen=True):
    """A feature's part of a page of several features: `server.site` places it, its template reads `panel`."""

    template: str
    values: dict[str, Any]


class Looks(Protocol):
    """What pages show of the institution. `server.app` binds it as `institution_cache.known`."""

    @property
    def name(self) -> str: ...
    @property
    def logo_url(self) -> str: ...  # empty: none
    @property
    def style_url(self) -> str: ...  # empty: none


class PagesPlugin(InitPlugin):
    """Litestar plugin: templates, static files and the reader's language."""

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        engine = JinjaTemplateEngine.from_environment(environment())
        app_config.template_config = TemplateConfig(instance=engine)
        app_config.route_handlers.append(ASSETS.router())
        app_config.middleware.insert(0, language_middleware)
        return app_config


def page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    viewer: object | None = None,
    status_code: int = 200,
    **context: Any,
) -> Template:
    """Full page. `viewer` (by default the request's) is shown in the top bar, a flash message only once."""
    message = flash.pending(request)
    viewer = viewer or request.state.get("viewer")
    looks: Looks = request.app.state["institution_cache"].known
    context = {
        "viewer": viewer,
        "flashes": [message] if message and message.text else [],
        "saved_form": message.saved if message else "",
        "institution": looks.name,
        "logo": looks.logo_url,
        "institution_style": looks.style_url,
        "boards": request.app.state.get("boards"),
        "path": request.url.path,
        **context,
    }
    return Template(
        template,
        context=context,
        status_code=status_code,
        cookies=[flash.cleared_cookie()] if message else None,
        headers={"cache-control": "no-store"} if viewer else None,
    )


def problem_page(
    request: Request[Any, Any, Any],
    problem: Problem,
    *,
    viewer: object | None = None,
    reference: str | None = None,
) -> Template:
    """Error page (403, 404, 500) in the layout of the site. `reference` identifies the failure in the log."""
    return page(
        request,
        "problem.html",
        viewer=viewer,
        status_code=problem.status,
        problem=problem,
        reference=reference,
    )
