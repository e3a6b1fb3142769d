"""Page of one figure: its definition, its rows and computing them again."""

from collections.abc import Sequence

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.analytics.console import asking, rows
from server.analytics.definitions import BY_ID
from server.analytics.definitions.metric import Metric
from server.analytics.rollups import marking
from server.analytics.rollups.aggregating import SPAN, aggregate
from server.analytics.rollups.checking import last_check
from server.analytics.rules import Range, later
from server.core.audit.recording import record
from server.core.clock import Clock
from server.core.errors import NotFound
from server.core.text.i18n import gettext as _
from server.core.text.i18n import ngettext
from server.core.web.flash import redirect
from server.core.web.pages import page
from storage.database.engine import Database
from storage.messages import N_
from storage.states.privacy import AuditAction

HERE = "/admin/analytics/metrics/{metric_id:str}"
NO_METRIC = N_("There is no such figure.")


def known(metric_id: str) -> Metric:
    """Raises NotFound."""
    if metric_id not in BY_ID:
        raise NotFound(NO_METRIC)
    return BY_ID[metric_id]


def part(days: Range, number: int) -> tuple[Range, int, int]:
    """Days of a page, the latest first, with its number and how many there are."""
    pages = -(-days.count // rows.PAGE_DAYS)
    number = max(1, min(number, pages))
    last = later(days.last, -rows.PAGE_DAYS * (number - 1))
    return Range(max(days.first, later(last, 1 - rows.PAGE_DAYS)), last), number, pages


@get(HERE)
async def metric_page(
    request: AnyRequest,
    metric_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    metric = known(metric_id)
    async with database.read() as session:
        asked = await asking.asked(session, request.query_params, clock.now())
        days, number, pages = part(asked.ask.days, asked.state.page)
        behind = await rows.behind(session, asked.ask, metric, days)
        check = await last_check(session)
        differences = [one for one in check.differences if one.metric == metric_id] if check else []
        return page(
            request,
            "analytics/metric.html",
            viewer=administrator,
            here=f"/admin/analytics/metrics/{metric_id}",
            fixed={},
            metric=metric,
            asked=asked,
            state=asked.state,
            ask=asked.ask,
            amounts=await rows.value(session, asked.ask, metric),
            standing=await rows.standing(session, asked.ask, metric),
            behind=behind,
            counts=rows.COUNTS.get(metric_id, ()),
            definitions=BY_ID,
            choices=await asking.choices(session, asked.state),
            is_stored=rows.is_stored(metric),
            page_number=number,
            pages=pages,
            check=check,
            differences=differences,
        )


@post(HERE + "/recompute")
async def recompute(
    request: AnyRequest,
    metric_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Redirect:
    """Compute the days of the range again from their facts: a month at once, more by the scheduled task."""
    known(metric_id)
    now = clock.now()
    async with database.read() as session:
        asked = await asking.asked(session, request.query_params, now)
    days = [day for day in asked.ask.days.days if day < asked.ask.today]
    here = f"/admin/analytics/metrics/{metric_id}{asked.state.query()}"
    at_once = len(days) <= SPAN
    async with database.write() as session:
        if days:
            told = {"day": f"{days[0]} – {days[-1]}"}
            await record(session, administrator.id, AuditAction.FIGURES_COMPUTED, now, data=told)
        if not at_once:
            await marking.mark(session, days)
    if not at_once:
        return redirect(
            here, _("The days are computed again one after the other, within some minutes."), "info"
        )
    done = await aggregate(database, days, asked.ask.today, now)
    return redirect(here, _told(done.computed, done.sealed))


def _told(computed: Sequence[str], sealed: Sequence[str]) -> str:
    again = ngettext(
        "%(count)s day was computed again from its facts.",
        "%(count)s days were computed again from their facts.",
        len(computed),
    ) % {"count": len(computed)}
    if not sealed:
        return again
    stays = ngettext(
        "%(count)s day stays as it is, as some of its facts were deleted.",
        "%(count)s days stay as they are, as some of their facts were deleted.",
        len(sealed),
    )
    return f"{again} {stays % {'count': len(sealed)}}"


ROUTES: list[ControllerRouterHandler] = [metric_page, recompute]
