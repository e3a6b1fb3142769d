"""Known browsers: a signed cookie proves that somebody has signed in to the account from this browser.

Wrong passwords from elsewhere do not lock such a browser out (OWASP, device cookies). One cookie,
`DEVICE.SIGNATURE.SIGNATURE…`, has a signature for each of the last accounts, so that the browser of a
classroom sends no more than half a kilobyte: a proxy refuses headers above 8 kB.
"""

from datetime import datetime, timedelta

from server.core.security import new_secret, sign, verify
from server.core.signing_keys import NEW_EVERY, live_keys
from storage.database.engine import Database

PURPOSE = "device"
COOKIE = "devices"
LIFETIME = timedelta(days=2 * NEW_EVERY.days)  # after that, both live keys are others
ACCOUNTS = 8
DEVICE_LENGTH = 64


async def known(database: Database, cookie: str, email: str, now: datetime) -> str | None:
    """Id of the browser with this cookie; None if it is not known for the account."""
    device, signatures = _parts(cookie)
    if not signatures:
        return None
    keys = await live_keys(database, PURPOSE, now)
    return device if any(verify(keys, _message(device, email), item) for item in signatures) else None


async def remember(database: Database, cookie: str, email: str, now: datetime) -> str:
    """The cookie of a browser that has just signed in: this account, and the last ones before it."""
    device, signatures = _parts(cookie)
    device = device or new_secret()
    keys, told = await live_keys(database, PURPOSE, now), _message(device, email)
    others = [item for item in signatures if not verify(keys, told, item)]
    return ".".join((device, sign(keys[0], told), *others[: ACCOUNTS - 1]))


def _parts(cookie: str) -> tuple[str, list[str]]:
    """Device and signatures; nothing of a malformed cookie."""
    device, *signatures = cookie.split(".")
    return (device, signatures) if len(device) <= DEVICE_LENGTH and len(signatures) <= ACCOUNTS else ("", [])


def _message(device: str, email: str) -> bytes:
    return f"{device} {email}".encode(errors="surrogatepass")
