"""What an account may look like. Pure: a value in, a value or a sentence out."""

import re
import unicodedata
from datetime import datetime, timedelta

from server.core.errors import Invalid
from server.core.text.normalize import one_line

LEARNER, INSTRUCTOR, ADMINISTRATOR = "learner", "instructor", "administrator"
ROLES = (LEARNER, INSTRUCTOR, ADMINISTRATOR)

PASSWORD_LENGTH = range(10, 257)
NAME_LENGTH = 200
TOKEN_NAME_LENGTH = 80
EMAIL_LENGTH = 254  # RFC 5321 4.5.3.1.3, less the brackets

IDLE = {LEARNER: timedelta(hours=8), INSTRUCTOR: timedelta(hours=8), ADMINISTRATOR: timedelta(minutes=30)}
ABSOLUTE = {LEARNER: timedelta(hours=24), INSTRUCTOR: timedelta(hours=24), ADMINISTRATOR: timedelta(hours=8)}

FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 5
FAILURES_PER_ADDRESS = 100

_EMAIL = re.compile(r"[^\s@<>(),;:\"\\]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)*[^\W_](?:[\w-]*[^\W_])?")


def clean_email(text: str) -> str:
    """As it is stored and compared: trimmed, NFC, lower case. Raises Invalid."""
    email = unicodedata.normalize("NFC", text.strip()).lower()
    if len(email) > EMAIL_LENGTH or not email.isprintable() or not _EMAIL.fullmatch(email):
        sentence = "Write an email address such as ada@example.edu."
        raise Invalid(sentence, fields={"email": sentence})
    return email


def clean_name(text: str) -> str:
    """Any script. Raises Invalid."""
    name = one_line(text)
    if not name:
        sentence = "Write a name."
        raise Invalid(sentence, fields={"name": sentence})
    if len(name) > NAME_LENGTH or any(unicodedata.category(character) == "Cc" for character in name):
        sentence = "Write a name of at most 200 characters, on one line."
        raise Invalid(sentence, fields={"name": sentence})
    return name


def clean_token_name(text: str) -> str:
    name = one_line(text)
    if not name or len(name) > TOKEN_NAME_LENGTH or not name.isprintable():
        sentence = "Write where the token will be used, in 1 to 80 characters."
        raise Invalid(sentence, fields={"name": sentence})
    return name


def clean_role(text: str) -> str:
    role = text.strip().lower()
    if role not in ROLES:
        sentence = "Choose one of the roles learner, instructor or administrator."
        raise Invalid(sentence, fields={"role": sentence})
    return role


def clean_password(text: str, *, email: str) -> str:
    """NFKC, so that another keyboard gives the same bytes (NIST SP 800-63B 5.1.1.2). Raises Invalid."""
    password, email = normal_password(text), email.strip().lower()
    if len(password) not in PASSWORD_LENGTH:
        sentence = "Choose a password of 10 to 256 characters."
    elif len(set(password)) < 4 or password.lower() in (email, email.partition("@")[0]):
        sentence = "Choose a password that is harder to guess."
    else:
        return password
    raise Invalid(sentence, fields={"password": sentence})


def normal_password(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def is_live(role: str, created_at: datetime, last_seen_at: datetime, now: datetime) -> bool:
    """Whether a session goes on. A clock that was set back does not end it."""
    return now - created_at < ABSOLUTE[role] and now - last_seen_at < IDLE[role]


def local_path(target: str | None) -> str:
    """Where to go after signing in: a path of this site, or its front page."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    return target if target.isprintable() and "\\" not in target else "/"


def nearest_unproxied(peer: str, forwarded_for: str, proxies: int) -> str:
    """The client's address as our own outermost proxy saw it; what stands left of it anyone can write."""
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    return hops[-proxies] if 0 < proxies <= len(hops) else peer
