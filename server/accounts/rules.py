"""Validation of accounts and lifetime of sessions. Pure: a value in, a value or a sentence out."""

import re
import unicodedata
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from server.core.errors import Invalid
from server.core.text.normalize import is_invisible, normal, one_line
from storage.messages import N_
from storage.states import Role

PASSWORD_LENGTH = range(10, 257)
NAME_LENGTH = 200
TOKEN_NAME_LENGTH = 80
EMAIL_LENGTH = 254  # RFC 5321 4.5.3.1.3, less the brackets

IDLE = {
    Role.LEARNER: timedelta(hours=8),
    Role.INSTRUCTOR: timedelta(hours=8),
    Role.ADMINISTRATOR: timedelta(minutes=30),
}
ABSOLUTE = {
    Role.LEARNER: timedelta(hours=24),
    Role.INSTRUCTOR: timedelta(hours=24),
    Role.ADMINISTRATOR: timedelta(hours=8),
}

INVITATION_LIFETIME = timedelta(days=14)
TOKEN_LIFETIME = timedelta(days=365)

FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_AT_ACCOUNT = 5  # of one network, or of one known browser, at one account
FAILURES_PER_ACCOUNT = 100  # of all networks at one account
FAILURES_PER_NETWORK = 100

_EMAIL = re.compile(r"[^\s@<>(),;:\"\\]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)*[^\W_](?:[\w-]*[^\W_])?")


def clean_email(text: str) -> str:
    """Email address as stored and compared: trimmed, NFC, lower case. Raises Invalid."""
    email = normal_email(text)
    if len(email) > EMAIL_LENGTH or not email.isprintable() or not _EMAIL.fullmatch(email):
        sentence = N_("Write an email address such as ada@example.edu.")
        raise Invalid(sentence, fields={"email": sentence})
    return email


def normal_email(text: str) -> str:
    return normal("NFC", text.strip(), limit=EMAIL_LENGTH).lower()


def clean_name(text: str) -> str:
    """Name in any script. Raises Invalid."""
    name = one_line(text, limit=NAME_LENGTH)
    if is_invisible(name):
        sentence = N_("Write a name.")
        raise Invalid(sentence, fields={"name": sentence})
    if len(name) > NAME_LENGTH or any(unicodedata.category(character) == "Cc" for character in name):
        sentence = N_("Write a name of at most 200 characters, on one line.")
        raise Invalid(sentence, fields={"name": sentence})
    return name


def clean_token_name(text: str) -> str:
    name = one_line(text, limit=TOKEN_NAME_LENGTH)
    if not name or len(name) > TOKEN_NAME_LENGTH or not name.isprintable():
        sentence = N_("Write where the token will be used, in 1 to 80 characters.")
        raise Invalid(sentence, fields={"name": sentence})
    return name


def clean_role(text: str) -> Role:
    role = text.strip().lower()
    if role not in list(Role):
        sentence = N_("Choose one of the roles learner, instructor or administrator.")
        raise Invalid(sentence, fields={"role": sentence})
    return Role(role)


def clean_password(text: str, *, email: str) -> str:
    """NFKC password, the same bytes from every keyboard (NIST SP 800-63B 5.1.1.2). Raises Invalid."""
    password, email = normal_password(text), email.strip().lower()
    if password is None:
        sentence = N_("Choose a password of 10 to 256 characters.")
    elif len(set(password)) < 4 or password.lower() in (email, email.partition("@")[0]):
        sentence = N_("Choose a password that is harder to guess.")
    else:
        return password
    raise Invalid(sentence, fields={"password": sentence})


def normal_password(text: str) -> str | None:
    """NFKC; None for a text of a length that no password has."""
    password = normal("NFKC", text, limit=PASSWORD_LENGTH.stop - 1)
    return password if len(password) in PASSWORD_LENGTH else None


def is_live(role: Role, created_at: datetime, last_seen_at: datetime, now: datetime) -> bool:
    """Whether a session is still valid. A clock that was set back does not end it."""
    return now - created_at < ABSOLUTE[role] and now - last_seen_at < IDLE[role]


def network(address: str) -> str:
    """What failures are counted by: an IPv4 address, or the /64 of IPv6 that one client may have."""
    with suppress(ValueError):
        parsed = ip_address(address.partition("%")[0])
        if isinstance(parsed, IPv6Address):
            return str(parsed.ipv4_mapped or IPv6Network((parsed, 64), strict=False))
        return str(parsed)
    return address


def local_path(target: str | None) -> str:
    """Redirect target after signing in: a path of this site, otherwise its front page."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    return target if target.isprintable() and "\\" not in target else "/"
