"""tus 1.0 header parsing and formatting (https://tus.io/protocols/resumable-upload). Pure."""

import base64
import binascii
import hashlib
from datetime import datetime
from email.utils import format_datetime

import msgspec

from server.core.errors import Invalid
from server.uploads.errors import WrongContentType, WrongVersion
from storage.messages import N_

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination,checksum"
ALGORITHMS = ("sha1", "sha256")
BODY_TYPE = "application/offset+octet-stream"
METADATA_LIMIT = 8192


class Checksum(msgspec.Struct, frozen=True):
    algorithm: str
    digest: bytes


def check_version(text: str | None) -> None:
    if text != VERSION:
        raise WrongVersion(
            N_("This server supports tus %(version)s: send the header Tus-Resumable: %(version)s."),
            version=VERSION,
        )


def check_body_type(text: str | None) -> None:
    if text is None or text.partition(";")[0].strip().lower() != BODY_TYPE:
        raise WrongContentType(
            N_("The bytes of an upload are sent as Content-Type: %(type)s."), type=BODY_TYPE
        )


def parse_number(header: str, text: str | None) -> int:
    """Byte count in a header, 0 or more."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise Invalid(
            N_("The header %(header)s is needed and should be a whole number of bytes."), header=header
        )
    return int(text)


def parse_metadata(text: str | None) -> dict[str, str]:
    """Upload-Metadata: `key base64,key base64,key` with UTF-8 values; a key alone has an empty value."""
    if text is not None and len(text) > METADATA_LIMIT:
        raise Invalid(N_("The header Upload-Metadata is too long."))
    found: dict[str, str] = {}
    for pair in (text or "").split(","):
        key, _, value = pair.strip().partition(" ")
        if not key:
            continue
        if key in found:
            raise Invalid(N_("Upload-Metadata names %(key)s twice."), key=key)
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Invalid(
                N_("Upload-Metadata: the value of %(key)s should be base64 of UTF-8 text."), key=key
            ) from None
    return found


def format_metadata(values: dict[str, str]) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def parse_checksum(text: str | None) -> Checksum | None:
    if text is None:
        return None
    algorithm, _, value = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise Invalid(N_("Upload-Checksum: use one of %(algorithms)s."), algorithms=", ".join(ALGORITHMS))
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != hashlib.new(algorithm).digest_size:
        raise Invalid(
            N_("Upload-Checksum: the value should be the %(algorithm)s digest in base64."),
            algorithm=algorithm,
        )
    return Checksum(algorithm, digest)


def http_date(moment: datetime) -> str:
    """HTTP date (RFC 9110 5.6.7), as Upload-Expires requires."""
    return format_datetime(moment, usegmt=True)
