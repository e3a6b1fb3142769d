"""Text of the weekly report, in the current language: the cards and lists of the page."""

from collections.abc import Iterator

from server.analytics.console.building import Console
from server.analytics.console.cards import Amount, Card
from server.analytics.console.tables import TABLES, Kind, Table
from server.analytics.definitions import BY_ID
from server.analytics.definitions.metric import Unit
from server.analytics.rules import total
from server.core.text.figures import NONE
from server.core.text.formats import day_label, file_size, number, translated
from server.core.text.i18n import gettext as _
from server.core.text.money import money

WIDTH = 34  # characters of a name before its figure
LISTS = ("funnel", "courses", "instructors")


def subject(found: Console, institution: str) -> str:
    days = {"institution": institution, "first": day_label(found.ask.days.first)}
    return _("%(institution)s: figures of the week from %(first)s") % days


def text(found: Console, institution: str, url: str) -> str:
    """Plain text. `url`: of the server; empty: no link."""
    return "\n".join(_lines(found, institution, url)) + "\n"


def _lines(found: Console, institution: str, url: str) -> Iterator[str]:
    days, before = found.ask.days, found.ask.before
    yield institution
    yield _("%(first)s to %(last)s") % {"first": day_label(days.first), "last": day_label(days.last)}
    yield _("Compared with %(first)s to %(last)s.") % {
        "first": day_label(before.first),
        "last": day_label(before.last),
    }
    yield ""
    for card in found.cards:
        yield from _card(card)
    for name in ("quizzes_passed", "reviews_posted", "uploads", "encodes_failed"):
        now, earlier = (total(source[name].values()) or 0 for source in (found.series, found.earlier))
        yield f"{_name(BY_ID[name].name)}{number(now)}{_before(number(earlier))}"
    yield _name(BY_ID["storage_bytes"].name) + file_size(found.storage.now)
    for name in LISTS:
        yield ""
        yield from _table(TABLES[name](found))
    if url:
        yield ""
        given = f"range=custom&first={days.first}&last={days.last}"
        yield f"{url.rstrip('/')}/admin/analytics?{given}"


def _card(card: Card) -> Iterator[str]:
    name = _name(BY_ID[card.metric].name)
    for amount in card.amounts:
        told = _before(_value(card.unit, amount, amount.before)) if card.changes else ""
        yield f"{name}{_value(card.unit, amount, amount.value)}{told}"
    if not card.amounts:
        yield f"{name}–"


def _value(unit: Unit, amount: Amount, value: int | None) -> str:
    if value is None:
        return NONE
    if unit == Unit.MINOR:
        return money(value, amount.currency)
    if unit == Unit.SECONDS:
        return _("%(hours)s h") % {"hours": number(round(value / 3600, 1))}
    return number(value)


def _before(value: str) -> str:
    return "  (" + _("before: %(count)s") % {"count": value} + ")"


def _name(name: str) -> str:
    return f"{translated(name)}:".ljust(WIDTH)


def _table(table: Table) -> Iterator[str]:
    """Rows as a name and their first figure."""
    yield translated(table.title)
    yield f"({translated(table.columns[1].name)})"
    for row in table.rows:
        name = translated(str(row[0])) if table.columns[0].kind == Kind.TERM else str(row[0])
        yield f"  {name}:".ljust(WIDTH) + number(int(row[1] or 0))
