"""Random secrets, their stored hashes, and signatures. Keys and times come from the caller."""

import hashlib
import hmac
import secrets

from server.core.text.codes import ALPHABET


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
