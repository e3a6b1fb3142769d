"""JSON API of payments, for the institution's own billing, and their list as a CSV file."""

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.analytics.payments import csv_file, listing, service
from server.analytics.payments.listing import PaymentFilter
from server.analytics.payments.schemas import NewPayment, PaymentsPage, Posted, Result
from server.core.clock import Clock
from server.core.lists import MAX_PAGE, require
from storage.database.engine import Database

TAGS = ["Payments"]
HERE = "/api/admin/payments"
PageNumber = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]
Kinds = Annotated[str, QueryParameter(description=", ".join(listing.KINDS) + "; without it, everything")]


@get(HERE, tags=TAGS)
async def list_payments(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    search: FromQuery[str] = "",
    kind: Kinds = "",
    currency: FromQuery[str] = "",
    first: FromQuery[str] = "",
    last: FromQuery[str] = "",
    page: PageNumber = 1,
) -> PaymentsPage:
    """Payments, the latest first, 50 a page, with sums of all pages for each currency. `first` and `last`:
    local days as in 2026-11-27."""
    given = {"search": search, "kind": kind, "currency": currency, "first": first, "last": last}
    state = PaymentFilter.read({**given, "page": str(page)})
    require(state.problems)
    async with database.read() as session:
        found = await listing.shown(session, state, clock.now())
    return PaymentsPage(found.items, found.totals, found.state.page, found.pages, found.hits)


@post(HERE, tags=TAGS)
async def post_payments(
    data: JSONBody[NewPayment | Posted],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Result:
    """Add a payment, or a list of up to 1,000: all or none. Safe to repeat: a payment whose `external_id` of
    the same `source` is known stays as it is, and with other terms it is refused (409)."""
    posted = [data] if isinstance(data, NewPayment) else data
    return await service.record(database, posted, administrator.id, clock.now())


@get("/admin/payments.csv", include_in_schema=False)
async def download(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
) -> Stream:
    """Everything that the list shows with this filter, on all its pages."""
    state = PaymentFilter.read(request.query_params)
    require(state.problems)
    async with database.read() as session:
        place = await service.place_of(session)
    return Stream(
        csv_file.csv_of(database, state, place),
        media_type="text/csv",
        headers={"content-disposition": 'attachment; filename="payments.csv"'},
    )


ROUTES: list[ControllerRouterHandler] = [list_payments, post_payments, download]
