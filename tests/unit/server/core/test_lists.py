"""State of a list in its address: any address is read, pages divide the rows, links lead where they say."""

from functools import partial
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from server.core.lists import BACKWARDS, AddressReader, ListOptions, ListPage, ListState, counts_of
from server.core.text.normalize import one_line

OPTIONS = ListOptions(("name", "newest"), "role", ("learner", "instructor"), page_size=7)
NAMES = st.sampled_from(["search", "sort", "role", "page", "other"])
NUMBERS = st.integers(-5, 10**12).map(str) | st.sampled_from(["", "x", "1.5", "²", "٣", "9" * 5000])
VALUES = st.text(max_size=300) | NUMBERS | st.sampled_from(["name", "newest", "learner", "instructor"])
STATES = st.builds(
    ListState,
    sort=st.sampled_from(OPTIONS.sorts),
    search=st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map(partial(one_line, limit=200)),
    filter=st.sampled_from(("", *OPTIONS.filters)),
    page=st.integers(1, 10_000),
)


def page(state: ListState, hits: int) -> ListPage[int]:
    state = OPTIONS.clamped(state, hits)
    items = list(range(hits))[OPTIONS.offset(state) :][: OPTIONS.page_size]
    return ListPage(OPTIONS, state, items, hits, {"": hits})


def read(query: str) -> ListState:
    return OPTIONS.read(dict(parse_qsl(query.removeprefix("?"))))


@given(st.dictionaries(NAMES, VALUES))
def test_any_address_is_read(parameters: dict[str, str]) -> None:
    state = OPTIONS.read(parameters)
    assert state.sort in OPTIONS.sorts
    assert state.filter in ("", *OPTIONS.filters)
    assert state.page >= 1
    wrong = one_line(parameters.get("role", "")[:40], limit=40) and not state.filter
    assert ("role" in state.problems) == bool(wrong)
    assert state.search == one_line(state.search, limit=200)
    assert len(state.search) <= 200 * 3  # NFC lengthens few characters


@given(STATES)
def test_state_is_read_from_its_own_address(state: ListState) -> None:
    assert read(OPTIONS.query(state)) == state


@given(st.text(max_size=20) | st.dates().map(str), st.text(max_size=20) | st.dates().map(str))
def test_days_are_as_typed_or_told(first: str, last: str) -> None:
    reader = AddressReader({"first": first, "last": last})
    found = reader.days()
    told = {name: str(problem) for name, problem in reader.problems.items()}
    for name, typed, day in zip(("first", "last"), (first, last), found, strict=True):
        assert day in (typed, "")
        assert day or name in told or not one_line(typed, limit=40)
    assert (told.get("last") == BACKWARDS) == (all(found) and found[1] < found[0])


def test_default_state_has_a_bare_address() -> None:
    assert OPTIONS.query(OPTIONS.read({})) == ""


@given(STATES, st.integers(0, 200))
def test_page_exists_and_is_the_nearest(state: ListState, hits: int) -> None:
    clamped = OPTIONS.clamped(state, hits)
    assert 1 <= clamped.page <= OPTIONS.page_count(hits)
    assert clamped.page in (state.page, OPTIONS.page_count(hits))
    assert OPTIONS.clamped(clamped, hits) == clamped


@given(st.integers(0, 200), STATES)
def test_following_next_shows_every_row_once(hits: int, state: ListState) -> None:
    shown, at = [], page(read(OPTIONS.query(state)), hits)
    at = page(read(at.query()), hits)  # from the first page
    while True:
        assert len(at.items) == (at.last - at.first + 1 if hits else 0)
        assert [number + 1 for number in at.items[:1]] == ([at.first] if hits else [])
        shown += at.items
        if at.next is None:
            break
        following = page(read(at.query(page=at.next)), hits)
        assert following.previous == at.state.page
        at = following
    assert shown == list(range(hits))
    assert at.last == hits
    assert at.state.page == at.pages


@given(STATES, st.integers(0, 200))
def test_a_change_leads_to_the_first_page_and_keeps_the_rest(state: ListState, hits: int) -> None:
    changed = read(page(state, hits).query(filter="learner"))
    assert changed == ListState(state.sort, state.search, "learner", 1)
    assert read(page(state, hits).here) == OPTIONS.clamped(state, hits)


def test_counts_name_every_filter() -> None:
    assert counts_of(OPTIONS, {"learner": 3}) == {"": 3, "learner": 3, "instructor": 0}


def test_short_list_has_no_search_unless_one_is_active() -> None:
    few = page(ListState("name"), 3)
    assert few.is_short
    assert not page(ListState("name", search="x"), 3).is_short
    assert not page(ListState("name"), 9).is_short
