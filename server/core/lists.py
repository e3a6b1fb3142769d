"""State of a list in its address: search, sort, filter and page. Pure.

Every list is a GET form: its address says what is shown, so that it can be shared and reloaded. A filter that
cannot be counts as not given, and is told: a page shows its sentence, files and the API refuse it.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from server.core.errors import Invalid
from server.core.text.normalize import one_line
from storage.messages import N_, Message

SEARCH_LENGTH = 200  # characters; the rest of a longer search is ignored
SHORT_LIST = 8  # rows up to which a list needs no search
MAX_PAGE = 1_000_000
ID_LENGTH = 64
TOLD_LENGTH = 40  # characters of a wrong value in the sentence about it
NO_CHOICE = N_("There is no “%(value)s” to choose here.")
NO_DAY = N_("“%(value)s” is not a day. Write it as in 2026-11-30.")
BACKWARDS = N_("The last day is before the first: there is nothing between them.")

Item = TypeVar("Item")


class AddressReader:
    """Reader of the values of an address. What cannot be counts as not given, and is kept in `problems`."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters
        self.problems: dict[str, Message] = {}  # by parameter

    def text(self, name: str) -> str:
        return one_line(self._parameters.get(name, "")[:SEARCH_LENGTH], limit=SEARCH_LENGTH)

    def page(self) -> int:
        return _page_number(self._parameters.get("page", ""))

    def choice(self, name: str, allowed: Collection[str]) -> str:
        value = self._parameters.get(name, "")
        return value if not value or value in allowed else self._wrong(name, NO_CHOICE)

    def identifier(self, name: str) -> str:
        value = self._parameters.get(name, "")
        fits = len(value) <= ID_LENGTH and value.isascii() and value.isalnum()
        return value if not value or fits else self._wrong(name, NO_CHOICE)

    def days(self) -> tuple[str, str]:
        """First and last local day, each of which may be empty; as typed also when they are backwards."""
        first, last = self._day("first"), self._day("last")
        if first and last and last < first:
            self.problems["last"] = Message(BACKWARDS)
        return first, last

    def _day(self, name: str) -> str:
        value = self._parameters.get(name, "")
        try:
            is_day = date.fromisoformat(value).isoformat() == value  # it reads weeks and 20261130, too
        except ValueError:
            is_day = False
        return value if is_day else self._wrong(name, NO_DAY)

    def _wrong(self, name: str, told: str) -> str:
        value = one_line(self._parameters.get(name, "")[:TOLD_LENGTH], limit=TOLD_LENGTH)
        if value:
            self.problems[name] = Message(told, {"value": value})
        return ""


def require(problems: Mapping[str, Message]) -> None:
    """For files and the API, which have no place for a sentence beside other rows. Raises Invalid."""
    for told in problems.values():
        raise Invalid(told, fields=problems)


class ListState(msgspec.Struct, frozen=True):
    """What a list shows. Made by `ListOptions.read`, which accepts any address."""

    sort: str
    search: str = ""
    filter: str = ""  # empty: everything
    page: int = 1
    problems: Mapping[str, Message] = {}  # of the address, by parameter


class ListOptions(msgspec.Struct, frozen=True):
    """Choices of a list. The first of `sorts` is the default."""

    sorts: tuple[str, ...]
    filter_name: str = "filter"  # of the parameter, such as "role"
    filters: tuple[str, ...] = ()
    page_size: int = 50

    def read(self, parameters: Mapping[str, str]) -> ListState:
        """State from query parameters. Unknown and malformed values count as not given; those that would
        leave out rows are told."""
        reader, sort = AddressReader(parameters), parameters.get("sort", "")
        return ListState(
            sort=sort if sort in self.sorts else self.sorts[0],
            search=reader.text("search"),
            filter=reader.choice(self.filter_name, self.filters) if self.filters else "",
            page=reader.page(),
            problems=reader.problems,
        )

    def query(self, state: ListState) -> str:
        """Query string with the values that are not the default: `?search=ada&page=2`, or empty."""
        values = {
            "search": state.search,
            self.filter_name: state.filter,
            "sort": state.sort if state.sort != self.sorts[0] else "",
            "page": str(state.page) if state.page > 1 else "",
        }
        given = {name: value for name, value in values.items() if value}
        return f"?{urlencode(given)}" if given else ""

    def page_count(self, hits: int) -> int:
        """At least 1: an empty list has one empty page."""
        return max(1, -(-hits // self.page_size))

    def clamped(self, state: ListState, hits: int) -> ListState:
        """State with an existing page: the last one when rows have gone."""
        return msgspec.structs.replace(state, page=max(1, min(state.page, self.page_count(hits))))

    def offset(self, state: ListState) -> int:
        """Number of rows before the page."""
        return (state.page - 1) * self.page_size


class ListPage(msgspec.Struct, Generic[Item], frozen=True):
    """One page of a list, as its template shows it. `state.page` exists."""

    options: ListOptions
    state: ListState
    items: list[Item]
    hits: int  # rows that match the search and the filter
    counts: dict[str, int]  # rows by filter value without the search; "" is their sum

    @property
    def unsearched(self) -> int:
        """Rows that the filter leaves, without the search."""
        return self.counts.get(self.state.filter, 0)

    @property
    def is_short(self) -> bool:
        """Whether search and filter would only be in the way."""
        asked = self.state.search or self.state.filter or self.state.problems
        return self.counts[""] <= SHORT_LIST and not asked

    @property
    def pages(self) -> int:
        return self.options.page_count(self.hits)

    @property
    def first(self) -> int:
        """Number of the first row of the page, from 1; 0 when there is none."""
        return self.options.offset(self.state) + 1 if self.hits else 0

    @property
    def last(self) -> int:
        return min(self.hits, self.options.offset(self.state) + self.options.page_size)

    @property
    def previous(self) -> int | None:
        """Number of the page before this one."""
        return self.state.page - 1 if self.state.page > 1 else None

    @property
    def next(self) -> int | None:
        return self.state.page + 1 if self.state.page < self.pages else None

    def query(self, **changes: Any) -> str:
        """Query string with some values changed, at page 1 unless the page is given."""
        return self.options.query(msgspec.structs.replace(self.state, **{"page": 1, **changes}))

    @property
    def here(self) -> str:
        """Query string of this page."""
        return self.options.query(self.state)


def counts_of(options: ListOptions, rows: Mapping[str, int]) -> dict[str, int]:
    """Counts by filter value, also where there is no row, and their sum as ""."""
    return {"": sum(rows.values()), **{value: rows.get(value, 0) for value in options.filters}}


def _page_number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1
    return max(1, min(number, MAX_PAGE))


class AddressFilter(msgspec.Struct, frozen=True):
    """Filter that a page's address states, base of those with fields of their own, among them `page` and
    `problems`."""

    @property
    def is_empty(self) -> bool:
        """Whether the address asks for everything."""
        return msgspec.structs.replace(self, page=1) == type(self)()

    def query(self, **changes: Any) -> str:
        """Query string with some values changed, at page 1 unless the page is given."""
        changed = msgspec.structs.replace(self, **{"page": 1, "problems": {}, **changes})
        values = msgspec.structs.asdict(changed)
        given = {name: value for name, value in values.items() if value and (name, value) != ("page", 1)}
        return f"?{urlencode(given)}" if given else ""
