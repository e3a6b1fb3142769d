"""Validation of accounts, lifetime of sessions, redirect targets and proxies."""

import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts import rules
from server.core.errors import Invalid
from storage.states import Role
from tests.world.clock import START


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ada@Example.EDU ", "ada@example.edu"),
        ("o'neill+lectures@cs.example.ac.uk", "o'neill+lectures@cs.example.ac.uk"),
        ("jürgen@example.de", "jürgen@example.de"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_email_addresses_are_normalised(typed: str, kept: str) -> None:
    assert rules.clean_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "@example.edu",
        "ada@",
        "a b@example.edu",
        "a@b@c",
        "a@x\n",
        "a@-x.edu",
        f"{'x' * 250}@x.edu",
    ],
)
def test_invalid_email_address_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.clean_email(typed if typed != "a@x\n" else "a@x\ny")
    assert "email" in refused.value.fields


@given(st.text(max_size=300))
def test_cleaning_is_idempotent(text: str) -> None:
    for clean in (rules.clean_email, rules.clean_name, rules.clean_token_name, rules.clean_role):
        try:
            once = clean(text)
        except Invalid:
            continue
        assert clean(once) == once


@given(st.text(min_size=10, max_size=40))
def test_password_is_independent_of_unicode_normalisation(text: str) -> None:
    assert rules.normal_password(unicodedata.normalize("NFD", text)) == rules.normal_password(text)
    assert rules.normal_password(unicodedata.normalize("NFC", text)) == rules.normal_password(text)


@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaa", "ada.lovelace@x.edu", "ADA.LOVELACE", "x" * 257]
)
def test_weak_password_is_refused(password: str) -> None:
    with pytest.raises(Invalid):
        rules.clean_password(password, email="ada.lovelace@x.edu")


@given(
    st.sampled_from(list(Role)),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)),
)
def test_session_ends_at_the_earlier_of_idle_and_absolute_limit(
    role: Role, age: timedelta, idle: timedelta
) -> None:
    idle = min(age, idle)
    live = rules.is_live(role, START - age, START - idle, START)
    assert live == (age < rules.ABSOLUTE[role] and idle < rules.IDLE[role])


def test_session_survives_a_clock_set_back() -> None:
    assert rules.is_live(Role.LEARNER, START + timedelta(hours=1), START + timedelta(hours=1), START)


@given(st.text(max_size=60))
def test_redirect_target_is_always_local(target: str) -> None:
    path = rules.local_path(target)
    assert path.startswith("/")
    assert not path.startswith("//")
    assert "\\" not in path
    assert path.isprintable()
