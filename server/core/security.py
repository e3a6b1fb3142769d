"""Random secrets, their stored hashes, and signatures. Keys and times come from the caller."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from server.core.text.codes import ALPHABET

MAC_BYTES = 16  # of a sealed text: HMAC-SHA256 cut to 128 bits (RFC 2104 section 5)


def new_secret() -> str:
    """256 random bits as 43 characters that are safe in a URL, a cookie and a header."""
    return secrets.token_urlsafe(32)


def new_code(length: int) -> str:
    """Code that people can type, with 4.46 random bits a character."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def digest(secret: str) -> str:
    """SHA-256 stored in place of a secret, whose 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign(key: bytes, message: bytes) -> str:
    """HMAC-SHA256 as 64 hex digits."""
    return hmac.digest(key, message, "sha256").hex()


def verify(keys: tuple[bytes, ...], message: bytes, signature: str) -> bool:
    """Whether any live key made the signature; every key is tried, so that timing reveals nothing."""
    given = signature.encode(errors="replace")
    matches = [hmac.compare_digest(sign(key, message).encode(), given) for key in keys]
    return any(matches)


def seal(key: bytes, head: bytes, context: bytes = b"") -> str:
    """Text of `head` and its MAC, safe in a URL. `context`: what it is bound to without holding it."""
    return urlsafe_b64encode(head + _mac(key, head + context)).decode().rstrip("=")


def unseal(keys: Sequence[bytes], text: str, context: bytes = b"") -> bytes | None:
    """Head of a text that any live key has sealed for this context; None for every other text."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    head, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(mac) != MAC_BYTES or urlsafe_b64encode(raw).decode().rstrip("=") != text:
        return None
    valid = [hmac.compare_digest(mac, _mac(key, head + context)) for key in keys]
    return head if any(valid) else None


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")[:MAC_BYTES]
