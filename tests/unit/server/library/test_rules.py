"""Order of lessons, and validation of form input for courses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.library import rules

IDS = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=12, unique=True)


@given(IDS, st.data(), st.integers(-5, 20))
def test_moving_keeps_all_ids_and_the_order_of_the_others(
    ids: list[str], data: st.DataObject, to: int
) -> None:
    moving = data.draw(st.sampled_from(ids))
    after = rules.moved(ids, moving, to)
    assert sorted(after) == sorted(ids)
    assert [item for item in after if item != moving] == [item for item in ids if item != moving]
    assert after.index(moving) == max(0, min(to, len(ids) - 1))
    assert rules.moved(after, moving, to) == after


@given(IDS)
def test_order_must_name_each_lesson_once(ids: list[str]) -> None:
    assert rules.reordered(ids, list(reversed(ids))) == list(reversed(ids))
    for invalid in (ids[1:], [*ids, ids[0]], [*ids[1:], "another one"]):
        with pytest.raises(Invalid):
            rules.reordered(ids, invalid)


@pytest.mark.parametrize(("typed", "percent"), [("90", 90), (" 90 % ", 90), ("1", 1), ("100%", 100)])
def test_percentage_is_parsed(typed: str, percent: int) -> None:
    assert rules.whole_percent(typed) == percent


@pytest.mark.parametrize("typed", ["", "0", "101", "-5", "90.5", "ninety", "९०", "9" * 40])
def test_invalid_percentage_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        rules.whole_percent(typed)


@given(
    st.lists(st.integers(0, 50).map(lambda number: f"p{number}@x.edu"), max_size=20),
    st.sampled_from(",;\n\t "),
)
def test_addresses_are_extracted_from_a_pasted_list(emails: list[str], between: str) -> None:
    text = between.join(f"Somebody <{email.upper()}>" for email in emails)
    assert rules.emails_in(text) == list(dict.fromkeys(emails))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ada@x.edu, bob at x.edu\ncleo", ["bob at x.edu", "cleo"]),
        ("Lovelace, Ada <ada@x.edu>; Bob <bob@x.edu>", []),
        ('"Lovelace, A." <ada@x.edu>\nAda Lovelace ada@x.edu', []),
        (" ,;\n", []),
        ("cleo; cleo", ["cleo"]),
    ],
)
def test_entries_without_an_address_are_reported(text: str, left: list[str]) -> None:
    assert rules.not_emails_in(text) == left


@pytest.mark.parametrize("title", ["", "   ", "x" * 201, "a\x00b", "a\x1bb", "\u200d\u3164"])
def test_invalid_title_is_refused(title: str) -> None:
    with pytest.raises(Invalid):
        rules.clean_title(title)


@pytest.mark.parametrize("title", ["می\u200cخواهم", "👩\u200d🏫 Class", "soft\u00adhyphen"])
def test_title_keeps_joiners_and_soft_hyphens(title: str) -> None:
    assert rules.clean_title(title) == title


def test_bidirectional_controls_are_removed_from_a_title() -> None:
    assert rules.clean_title("\u202eשלום\u2066 world") == "שלום world"


@given(st.lists(st.sampled_from([" A@x.edu", "a@x.edu", "b@x.edu ", "c@x.edu"])))
def test_addresses_are_cleaned_once_and_keep_their_order(emails: list[str]) -> None:
    cleaned = rules.clean_addresses(emails)
    assert rules.clean_addresses(cleaned) == cleaned
    assert set(cleaned) == {email.strip().lower() for email in emails}
    firsts = [next(i for i, email in enumerate(emails) if email.strip().lower() == it) for it in cleaned]
    assert firsts == sorted(firsts)


def test_too_many_addresses_are_refused() -> None:
    assert len(rules.clean_addresses([f"{n}@x.edu" for n in range(rules.MAX_ADDRESSES)])) == 5000
    with pytest.raises(Invalid, match="more than 5"):
        rules.clean_addresses([f"{n}@x.edu" for n in range(rules.MAX_ADDRESSES + 1)])
