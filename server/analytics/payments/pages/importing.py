"""Import of a list of payments: choose it, look at what it would add, import it."""

import asyncio
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.accounts.people import people_csv
from server.analytics.payments import csv_file, service
from server.analytics.payments.csv_file import Line, PaymentsFile
from server.analytics.payments.pages.new import HERE
from server.analytics.payments.schemas import Entry, LineProblem
from server.core.clock import Clock
from server.core.errors import Invalid, Problem
from server.core.text.formats import number
from server.core.text.i18n import ngettext
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form, submitted_list
from server.core.web.pages import page
from storage.database.engine import Database

LIST_BYTES = 8 * 2**20  # 20,000 lines, also where the preview's form encodes what is not ASCII
CONFIRMED = "confirmed"  # field of the preview's form
SHOWN = 20  # new lines in the preview, by which columns and amounts are judged


class Preview(msgspec.Struct, frozen=True):
    new: list[Line]
    # Numbers of new lines that belong to no account, and whether they name a payer.
    unassigned: dict[int, bool]
    unchanged: int
    problems: list[LineProblem]  # in the order of the list


@get(f"{HERE}/import")
async def import_page(request: AnyRequest, administrator: NamedDependency[Viewer]) -> Template:
    return _page(request, administrator, Form())


@post(f"{HERE}/import", request_max_body_size=LIST_BYTES)
async def import_payments(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """A file or pasted text is shown as a preview first, which the field `confirmed` imports: lines that are
    right. Sent again, it adds nothing."""
    typed = await Form.read(request)
    if typed.restored:
        return _page(request, administrator, typed)
    data = await submitted_list(request)
    form = Form({"list": _decoded(data)})
    now = clock.now()
    try:
        async with database.read() as session:
            place, courses = await service.place_of(session), await csv_file.courses(session)
        read = await asyncio.to_thread(csv_file.read, data, place, courses, now)
        if not typed.checked(CONFIRMED):
            preview = await _preview(database, read, administrator.id, clock)
            return _page(request, administrator, form, preview)
        entries = [line.entry for line in read.lines]
        done = await service.import_entries(database, entries, administrator.id, now)
    except Problem as problem:
        return _page(request, administrator, form.refused(problem))
    left_out = len(read.problems) + len(done.problems)
    return redirect(HERE, _summary(done.added, done.unchanged, left_out), saved=typed[KEY])


async def _preview(database: Database, read: PaymentsFile, by: str, clock: Clock) -> Preview:
    entries: list[Entry] = [line.entry for line in read.lines]
    plan = await service.preview(database, entries, by, clock.now())
    wrong = [
        csv_file.problem_of(read.lines[place].number, _values(entries[place]), problem)
        for place, problem in plan.problems.items()
    ]
    new = sorted(plan.new)
    return Preview(
        new=[read.lines[place] for place in new],
        unassigned={
            read.lines[place].number: bool(plan.rows[place].email)
            for place in new
            if plan.rows[place].user_id is None
        },
        unchanged=len(plan.rows) - len(plan.new),
        problems=sorted((*read.problems, *wrong), key=lambda problem: problem.line),
    )


def _values(entry: Entry) -> dict[str, str]:
    """What a line said, by columns, for its problem."""
    return {
        "email": entry.email,
        "reference": entry.external_id,
        "refers_to": entry.refers_to,
        "course": entry.course_id,
        "source": entry.source,
        "currency": entry.currency,
        "date": entry.local_day,
    }


def _summary(added: int, unchanged: int, left_out: int) -> str:
    counts = (
        (added, ngettext("%(number)s payment added", "%(number)s payments added", added)),
        (unchanged, ngettext("%(number)s there already", "%(number)s there already", unchanged)),
        (left_out, ngettext("%(number)s line left out", "%(number)s lines left out", left_out)),
    )
    return ", ".join(text % {"number": number(count)} for count, text in counts if count) + "."


def _decoded(data: bytes) -> str:
    """Text of the list; empty for a binary file, which nobody could correct."""
    try:
        return people_csv.decoded(data)
    except Invalid:
        return ""


def _page(request: AnyRequest, viewer: Viewer, form: Form, preview: Preview | None = None) -> Template:
    return page(
        request,
        "payments/import.html",
        viewer=viewer,
        status_code=form.status,
        form=form,
        preview=preview,
        shown=SHOWN,
    )


ROUTES: list[ControllerRouterHandler] = [import_page, import_payments]
