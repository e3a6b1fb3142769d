"""Forms of a one-off and of a recurring payment."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.analytics.payments import entering, service
from server.analytics.payments.rules import PERIODS
from server.analytics.payments.schemas import MANUAL, NewPayment
from server.core.clock import Clock, local_day
from server.core.errors import Invalid, Problem
from server.core.text.i18n import gettext as _
from server.core.text.money import currencies, currency_name
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import Course, Payment
from storage.messages import N_
from storage.states import PaymentKind as Kind

HERE = "/admin/payments"
TEMPLATES = {Kind.ONE_OFF: "payments/one_off.html", Kind.RECURRING: "payments/recurring.html"}
A_NUMBER = N_("Write a whole number.")


@get(f"{HERE}/new")
async def one_off_page(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    return await _page(request, administrator, database, clock, Kind.ONE_OFF, Form())


@post(f"{HERE}/new")
async def add_one_off(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    return await _add(request, administrator, database, clock, Kind.ONE_OFF)


@get(f"{HERE}/recurring")
async def recurring_page(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    return await _page(request, administrator, database, clock, Kind.RECURRING, Form())


@post(f"{HERE}/recurring")
async def add_recurring(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    return await _add(request, administrator, database, clock, Kind.RECURRING)


async def _add(
    request: AnyRequest, viewer: Viewer, database: Database, clock: Clock, kind: Kind
) -> Response[Any]:
    """The form's own reference makes a second submission the same payment."""
    form = await Form.read(request)
    if form.restored:
        return await _page(request, viewer, database, clock, kind, form)
    try:
        made = await service.record(database, [entered(form, kind)], viewer.id, clock.now())
    except Problem as problem:
        return await _page(request, viewer, database, clock, kind, form.refused(problem))
    return redirect(f"{HERE}/{made.payments[0].id}", _("The payment is entered."), saved=form[KEY])


def entered(form: Form, kind: Kind, refers_to: str = "", currency: str = "") -> NewPayment:
    """Payment as typed; without a currency field it is in `currency`. Raises Invalid."""
    return NewPayment(
        kind=kind,
        source=MANUAL,
        external_id=form["once"] or new_id(),
        at=form["at"],
        amount=_amount(form, currency or form["currency"]) if kind in entering.WITH_AMOUNT else 0,
        currency=currency or form["currency"],
        email=form["email"],
        course_id=form["course_id"],
        refers_to=refers_to,
        months=_number(form, "months") if kind in entering.TAKES["months"] else None,
        free_months=_number(form, "free_months") if kind in entering.TAKES["free_months"] else None,
        trial_end=form["trial_end"],
        automatic=form.checked("automatic") if kind == Kind.RECURRING else None,
        note=form["note"],
    )


def _amount(form: Form, currency: str) -> int:
    try:
        return entering.clean_amount(form["amount"], entering.clean_currency(currency))
    except Invalid as problem:
        raise Invalid(problem.message, fields={"amount": problem.message}) from None


def _number(form: Form, name: str) -> int | None:
    text = form[name]
    if text and not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Invalid(A_NUMBER, fields={name: A_NUMBER})
    return int(text) if text else None


async def _page(
    request: AnyRequest, viewer: Viewer, database: Database, clock: Clock, kind: Kind, form: Form
) -> Template:
    async with database.read() as session:
        courses = await session.execute(select(Course.id, Course.title).order_by(Course.search_key))
        place = await service.place_of(session)
        codes = await _currencies(session)
        return page(
            request,
            TEMPLATES[kind],
            viewer=viewer,
            status_code=form.status,
            form=form,
            courses=[("", "–"), *((course_id, title) for course_id, title in courses)],
            currencies=[(code, f"{code} · {currency_name(code)}") for code in codes],
            periods=PERIODS,
            today=local_day(clock.now(), place.zone, place.day_start_hour).isoformat(),
            once=form["once"] or new_id(),
        )


async def _currencies(session: AsyncSession) -> list[str]:
    """Those that there are payments in come first."""
    used = list(await session.scalars(select(Payment.currency).distinct().order_by(Payment.currency)))
    return [*used, *sorted(currencies() - set(used), key=lambda code: (code != "EUR", code))]


ROUTES: list[ControllerRouterHandler] = [one_off_page, add_one_off, recurring_page, add_recurring]
