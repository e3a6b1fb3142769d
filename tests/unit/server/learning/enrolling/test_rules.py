"""Lists of addresses, by line, in what spreadsheets and mail programs give."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.learning.enrolling import rules
from server.learning.enrolling.rules import Line

ADDRESSES = st.lists(
    st.from_regex(r"[a-z]{1,8}[0-9]{1,3}@[a-z]{1,8}\.edu", fullmatch=True), min_size=1, max_size=30
)


@pytest.mark.parametrize(
    ("text", "addresses", "unreadable"),
    [
        ("ada@x.edu\nmax@x.edu", [(1, "ada@x.edu"), (2, "max@x.edu")], []),
        ("Name;E-Mail\nAda;ADA@x.edu\n\nMax;", [(2, "ada@x.edu")], [(4, "Max,")]),
        ("email,name\nada@x.edu,Ada\nAda,ada@y.edu", [(2, "ada@x.edu")], [(3, "Ada, ada@y.edu")]),
        ("Ada Lovelace <ada@x.edu>, max@x.edu", [(1, "ada@x.edu"), (1, "max@x.edu")], []),
        ("ada@x.edu\nAda@X.edu\n@\nnobody", [(1, "ada@x.edu")], [(3, "@"), (4, "nobody")]),
    ],
)
def test_list_is_read_by_line(text: str, addresses: object, unreadable: object) -> None:
    found = rules.read_list(text.encode())
    assert [(line.number, line.text) for line in found.addresses] == addresses
    assert [(line.number, line.text) for line in found.unreadable] == unreadable


@given(ADDRESSES, st.sampled_from(["", "email\n", "E-Mail-Adresse;Name\n"]))
def test_every_address_once_with_its_first_line(addresses: list[str], heading: str) -> None:
    text = heading + "\n".join(addresses)
    first = {address: number for number, address in reversed([*enumerate(addresses, bool(heading) + 1)])}
    found = rules.read_list(text.encode())
    assert list(found.addresses) == [Line(first[address], address) for address in dict.fromkeys(addresses)]
    assert found.unreadable == ()


@given(st.binary(max_size=200))
def test_any_file_is_a_list_or_refused_with_a_sentence(data: bytes) -> None:
    with suppress(Invalid):
        found = rules.read_list(data)
        assert all("@" in line.text for line in found.addresses)
        assert all(len(line.text) <= 80 for line in found.unreadable)


@pytest.mark.parametrize("text", ["", "nobody\nhere", "email\n"])
def test_list_without_an_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="at least one email address"):
        rules.read_list(text.encode())


def test_list_that_is_too_long_is_refused() -> None:
    text = "\n".join(f"person{number}@x.edu" for number in range(5001))
    with pytest.raises(Invalid, match="more than 5000 addresses"):
        rules.read_list(text.encode())


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(Invalid):
        rules.clean_mode("everybody")
