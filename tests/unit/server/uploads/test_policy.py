"""Signed upload policy of the folder store."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Forbidden
from server.uploads.policy import Policy, sign, verify
from tests.world.clock import START

POLICY = Policy("originals/lesson/upload.mp4", 1000, START + timedelta(hours=1), "video/mp4")
KEY, OLD = b"k" * 32, b"o" * 32


def test_signed_policy_verifies_under_either_live_key() -> None:
    assert verify(sign(POLICY, KEY), (KEY, OLD), START) == POLICY
    assert verify(sign(POLICY, OLD), (KEY, OLD), START) == POLICY


def test_policy_without_content_type_allows_any() -> None:
    free = Policy("originals/l/u.mp4", 1000, START + timedelta(hours=1))
    assert verify(sign(free, KEY) | {"Content-Type": "video/x"}, (KEY,), START) == free


@given(field=st.sampled_from(["key", "policy", "signature", "Content-Type"]), at=st.integers(0, 30))
def test_altered_field_is_refused(field: str, at: int) -> None:
    fields = sign(POLICY, KEY)
    old = fields[field]
    at %= len(old)
    fields[field] = old[:at] + ("A" if old[at] != "A" else "B") + old[at + 1 :]
    with pytest.raises(Forbidden):
        verify(fields, (KEY,), START)


def test_expired_policy_is_refused() -> None:
    with pytest.raises(Forbidden, match="expired"):
        verify(sign(POLICY, KEY), (KEY,), START + timedelta(hours=1))


def test_missing_fields_are_refused() -> None:
    with pytest.raises(Forbidden):
        verify({}, (KEY,), START)
