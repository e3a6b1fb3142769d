"""Addresses in the settings: the site, the database, a mail server, the sender of mails, a webhook. Pure.

Every function raises ValueError with what the setting should be. It never repeats what may hold a password.
"""

import re
from email.headerregistry import Address
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

MAIL_SERVER = (
    "should be the address of a mail server, as in smtp://name:password@host:587?starttls, "
    "smtps://name:password@host or smtp://host."
)
UNPROTECTED = "would send its password unencrypted: add ?starttls at the end, or begin with smtps://."
SENDER = "should be an email address, as in media@example.edu or Media <media@example.edu>."
WEBHOOK = "should be an address that begins with https:// or http://."
_PART = r"[^\s@<>(),;:\"\\]+"
_ADDRESS = re.compile(rf"{_PART}@{_PART}")
_NAMED = re.compile(rf"(?P<name>[^<>@,\"]*)<({_PART}@{_PART})>")


_POSTGRES = re.compile(r"^postgres(ql)?://")
_ASYNC_POSTGRES = "postgresql+asyncpg://"
_SQLITE = "sqlite+aiosqlite"


class Encryption(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"  # required, not tried
    TLS = "tls"  # from the first byte


PORTS = {Encryption.NONE: 25, Encryption.STARTTLS: 587, Encryption.TLS: 465}


class MailServer(msgspec.Struct, frozen=True):
    host: str
    port: int
    encryption: Encryption
    name: str = ""  # empty: without signing in
    password: str = ""


def site(text: str) -> None:
    """Refuses a path as well: pages and cookies are at the root of one host."""
    wanted = f"should be an address without a path, as in https://media.example.edu, not {text!r}."
    parts = _split(text, wanted)
    if parts.scheme not in ("http", "https") or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(wanted)


def database(text: str) -> str:
    """For SQLAlchemy; an empty one stays empty."""
    scheme = text.partition("://")[0]
    if text and not (_POSTGRES.match(text) or scheme in (_ASYNC_POSTGRES.removesuffix("://"), _SQLITE)):
        raise ValueError(
            "should be an address such as postgresql://name:password@host/database, "
            f"not one that begins with {scheme[:40]!r}."
        )
    return _POSTGRES.sub(_ASYNC_POSTGRES, text)


def mail_server(text: str) -> MailServer:
    parts = _split(text, MAIL_SERVER)
    if parts.scheme not in ("smtp", "smtps") or parts.path not in ("", "/") or parts.fragment:
        raise ValueError(MAIL_SERVER)
    if parts.query not in ("", "starttls") or (parts.scheme == "smtps" and parts.query):
        raise ValueError(MAIL_SERVER)
    encrypted = Encryption.TLS if parts.scheme == "smtps" else Encryption(parts.query or "none")
    server = MailServer(
        host=parts.hostname or "",
        port=parts.port or PORTS[encrypted],
        encryption=encrypted,
        name=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
    if server.name and encrypted is Encryption.NONE and not _is_local(server.host):
        raise ValueError(UNPROTECTED)
    return server


def sender(text: str) -> Address:
    """Name and address that mails come from."""
    named = _NAMED.fullmatch(text)
    name, address = named.groups() if named else ("", text)
    if not address.isascii() or not name.isprintable() or not is_one_address(address):
        raise ValueError(SENDER)
    username, _, domain = address.rpartition("@")
    return Address(name.strip(), username, domain)


def is_one_address(text: str) -> bool:
    """Whether it is a single email address that adds nothing to the header that it stands in."""
    return text.isprintable() and _ADDRESS.fullmatch(text) is not None


def webhook(text: str) -> SplitResult:
    parts = _split(text, WEBHOOK)
    if parts.scheme not in ("http", "https") or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(WEBHOOK)
    return parts


def _split(text: str, wanted: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        complete = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is not a number, an incomplete IPv6 address
        complete = False
    if not complete:
        raise ValueError(wanted)
    return parts


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
