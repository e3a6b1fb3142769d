"""List of payments, and one payment with what belongs to it: refunds, changes, taking it back."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.analytics.payments import entering, listing, queries, service
from server.analytics.payments.listing import PaymentFilter
from server.analytics.payments.mrr import in_minor
from server.analytics.payments.pages.new import HERE, entered
from server.analytics.payments.rules import end_of, step_at
from server.analytics.payments.schemas import MANUAL, VOIDED, NewPayment, PaymentView
from server.core.clock import Clock, local_day
from server.core.errors import Invalid, Problem
from server.core.text.i18n import gettext as _
from server.core.text.money import major
from server.core.web.flash import redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.institution import service as institution
from storage.database.base import new_id
from storage.database.engine import Database
from storage.messages import N_
from storage.states import PaymentKind as Kind

ONE = f"{HERE}/{{payment_id:str}}"
A_CHANGE = N_("Choose what happened.")
CHANGES = (Kind.CHARGE, *queries.CHANGES)


@get(HERE)
async def payments_page(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    state = PaymentFilter.read(request.query_params)
    async with database.read() as session:
        found = await listing.shown(session, state, clock.now())
        mrr = await queries.mrr(session, clock.now()) if state.kind == Kind.RECURRING else {}
    return page(
        request,
        "payments/list.html",
        viewer=administrator,
        found=found,
        mrr=[
            (currency, sums.minor, in_minor(sums.paused), in_minor(sums.past_due), sums.active)
            for currency, sums in sorted(mrr.items())
        ],
    )


@get(ONE)
async def payment_page(
    request: AnyRequest,
    payment_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    return await _page(request, administrator, database, clock, payment_id, {})


@post(f"{ONE}/refund")
async def refund(
    request: AnyRequest,
    payment_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Form fields `amount`, `at`, `note`. It lowers the revenue of its own day."""
    form = await Form.read(request)
    try:
        paid = await _one(database, payment_id, clock)
        given = entered(form, Kind.REFUND, payment_id, paid.currency)
        entering.clean_reason(given.note)
        await service.record(database, [given], administrator.id, clock.now())
    except Problem as problem:
        forms = {"refund": form.refused(problem)}
        return await _page(request, administrator, database, clock, payment_id, forms)
    return redirect(f"{HERE}/{payment_id}", _("The refund is entered."))


@post(f"{ONE}/change")
async def change(
    request: AnyRequest,
    payment_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """What happened to a recurring payment: `kind`, `at`, and where the kind has them `amount`, `months` and
    `free_months`."""
    form = await Form.read(request)
    try:
        if form["kind"] not in CHANGES:
            raise Invalid(A_CHANGE, fields={"kind": A_CHANGE})
        row = await _one(database, payment_id, clock)
        given = entered(form, Kind(form["kind"]), payment_id, row.currency)
        await service.record(database, [given], administrator.id, clock.now())
    except Problem as problem:
        forms = {"change": form.refused(problem)}
        return await _page(request, administrator, database, clock, payment_id, forms)
    return redirect(f"{HERE}/{payment_id}", _("Entered."))


@post(f"{ONE}/cancel")
async def cancel(
    request: AnyRequest,
    payment_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """A recurring payment ends with its period. Form field `note`: the reason."""
    form = await Form.read(request)
    try:
        await _one(database, payment_id, clock)
        given = NewPayment(
            kind=Kind.CANCELLED,
            source=MANUAL,
            external_id=form["once"] or new_id(),
            at=clock.now().isoformat(),
            refers_to=payment_id,
            note=entering.clean_reason(form["note"]),
        )
        await service.record(database, [given], administrator.id, clock.now())
    except Problem as problem:
        forms = {"cancel": form.refused(problem)}
        return await _page(request, administrator, database, clock, payment_id, forms)
    return redirect(f"{HERE}/{payment_id}", _("It ends with its period, and counts until then."))


@post(f"{ONE}/void")
async def void(
    request: AnyRequest,
    payment_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Take back what was entered by mistake. Form field `note`: the reason. Idempotent."""
    form = await Form.read(request)
    try:
        await _one(database, payment_id, clock)
        reason = entering.clean_reason(form["note"])
        given = NewPayment(
            kind=Kind.VOID, source=VOIDED, at=clock.now().isoformat(), refers_to=payment_id, note=reason
        )
        await service.record(database, [given], administrator.id, clock.now())
    except Problem as problem:
        forms = {"void": form.refused(problem)}
        return await _page(request, administrator, database, clock, payment_id, forms)
    return redirect(f"{HERE}/{payment_id}", _("It is taken back, on the day that it counted for."), "info")


async def _one(database: Database, payment_id: str, clock: Clock) -> PaymentView:
    async with database.read() as session:
        return await listing.one(session, payment_id, clock.now())


async def _page(
    request: AnyRequest,
    viewer: Viewer,
    database: Database,
    clock: Clock,
    payment_id: str,
    forms: Mapping[str, Form],
) -> Template:
    now = clock.now()
    async with database.read() as session:
        row = await listing.one(session, payment_id, now)
        parent = await listing.one(session, row.refers_to, now) if row.refers_to else None
        related = await listing.related(session, payment_id, now)
        recurring = (await queries.recurring_by_id(session, [payment_id])).get(payment_id)
        place = await institution.shown(session)
    shown: dict[str, Any] = {"mrr": None, "ends_at": None}
    if recurring is not None:
        shown = {"mrr": in_minor(step_at(recurring, now).parts), "ends_at": end_of(recurring, now)}
    named = {name: forms.get(name, Form()) for name in ("refund", "change", "cancel", "void")}
    return page(
        request,
        "payments/one.html",
        viewer=viewer,
        status_code=max(form.status for form in named.values()),
        row=row,
        parent=parent,
        related=related,
        left=major(row.amount - row.refunded, row.currency),
        kinds=CHANGES,
        zone=place.time_zone,
        today=local_day(now, place.time_zone, place.day_start_hour).isoformat(),
        once=new_id(),
        **named,
        **shown,
    )


ROUTES: list[ControllerRouterHandler] = [payments_page, payment_page, refund, change, cancel, void]
