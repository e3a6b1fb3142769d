"""Known browsers: a signed cookie proves that somebody has signed in to the account from this browser.

Wrong passwords from elsewhere do not lock such a browser out (OWASP, device cookies).
"""

from datetime import datetime, timedelta

from server.core.security import digest, new_secret, sign, verify
from server.core.signing_keys import NEW_EVERY, live_keys
from storage.database.engine import Database

PURPOSE = "device"
LIFETIME = timedelta(days=2 * NEW_EVERY.days)  # after that, both live keys are others
NAME = "device-"  # and the account: a browser of a classroom knows several


def cookie_suffix(email: str) -> str:
    """Name of the account's cookie, which does not tell the address."""
    return NAME + digest(email)[:8]


async def known(database: Database, cookie: str, email: str, now: datetime) -> str | None:
    """Id of the browser with this cookie; None if it is not known for the account."""
    device, _, signature = cookie.partition(".")
    if not device or len(device) > 64:
        return None
    keys = await live_keys(database, PURPOSE, now)
    return device if verify(keys, _message(device, email), signature) else None


async def remember(database: Database, device: str | None, email: str, now: datetime) -> str:
    """Value of the cookie for a browser that has just signed in."""
    device = device or new_secret()
    keys = await live_keys(database, PURPOSE, now)
    return f"{device}.{sign(keys[0], _message(device, email))}"


def _message(device: str, email: str) -> bytes:
    return f"{device} {email}".encode(errors="surrogatepass")
