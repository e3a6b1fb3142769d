"""tus header parsing and formatting."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.uploads import protocol
from server.uploads.errors import WrongContentType, WrongVersion

names = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)


@given(st.dictionaries(names, st.text(max_size=60), max_size=8))
def test_metadata_round_trips(values: dict[str, str]) -> None:
    assert protocol.parse_metadata(protocol.format_metadata(values)) == values


def test_metadata_of_other_clients() -> None:
    assert protocol.parse_metadata(None) == {}
    assert protocol.parse_metadata("is_confidential,filename d29ybGQ= ,") == {
        "is_confidential": "",
        "filename": "world",
    }


@pytest.mark.parametrize("text", ["a !!!", "a d29ybGQ=,a d29ybGQ=", "a /w==", "x" * 9000])
def test_malformed_metadata_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        protocol.parse_metadata(text)


@pytest.mark.parametrize("text", [None, "", "-1", "1.5", "0x10", "٣", "9" * 19])
def test_malformed_numbers_are_refused(text: str | None) -> None:
    with pytest.raises(Invalid, match="Upload-Offset"):
        protocol.parse_number("Upload-Offset", text)


@given(st.integers(0, 10**18 - 1))
def test_valid_numbers_are_parsed(value: int) -> None:
    assert protocol.parse_number("Upload-Length", str(value)) == value


def test_checksum_is_parsed() -> None:
    digest = hashlib.sha256(b"x").digest()
    parsed = protocol.parse_checksum(f"sha256 {base64.b64encode(digest).decode()}")
    assert parsed == protocol.Checksum("sha256", digest)
    assert protocol.parse_checksum(None) is None


@pytest.mark.parametrize("text", ["md5 AAAA", "sha256", "sha256 AAAA", "sha1 !!"])
def test_malformed_checksums_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        protocol.parse_checksum(text)


def test_version_and_content_type_are_checked() -> None:
    protocol.check_version("1.0.0")
    protocol.check_body_type("application/offset+octet-stream; charset=binary")
    with pytest.raises(WrongVersion):
        protocol.check_version(None)
    with pytest.raises(WrongContentType):
        protocol.check_body_type("application/octet-stream")


def test_http_date_format() -> None:
    moment = datetime(2026, 11, 22, 9, 5, 7, tzinfo=UTC)
    assert protocol.http_date(moment) == "Sun, 22 Nov 2026 09:05:07 GMT"
