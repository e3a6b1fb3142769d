"""Hostile bodies of each kind that the product reads: JSON, forms, multipart, lists of people, uploads."""

from random import Random
from typing import Any
from urllib.parse import quote, quote_from_bytes

from tests.integration.garbage.values import document, literal, text

LARGEST = 3_000_000  # bytes: more than the product reads of a form
URL_ENCODED = b"application/x-www-form-urlencoded"
COMMON_FIELDS = (  # read from several forms
    "version",
    "started-title",
    "kept_person",
    "kept_page",
    "kept_key",
    "kept_restore",
    "typed_action",
    "typed-title",
    "next",
    "description",
    "from",
    "again",
)
COLUMNS = ("email", "name", "role", "password", "Rolle", "E-Mail", "", "email", "\u202e", "x" * 300)


def encoded(value: str) -> bytes:
    """UTF-8; half a surrogate pair becomes bytes that are none."""
    return value.encode(errors="surrogatepass")


def json_body(fields: dict[str, Any], random: Random) -> bytes:
    if random.random() < 0.15:
        return encoded(literal(random))
    body = encoded(document(fields, random))
    if random.random() < 0.06:
        return body.decode(errors="replace").encode(random.choice(("utf-16", "utf-32", "utf-7")))
    return body


def form_body(fields: dict[str, str], random: Random) -> bytes:
    pairs = [(name, value if random.random() < 0.5 else text(random)) for name, value in fields.items()]
    pairs += [(name, text(random)) for name in COMMON_FIELDS if random.random() < 0.15]
    chance = random.random()
    if chance < 0.06:
        return b"&" * random.choice((1_999, 2_000, 1_000_000))
    if chance < 0.12:
        name = random.choice((*fields, "a"))
        return b"&".join([encoded(f"{name}={number}@x.edu") for number in range(random.choice((50, 1_900)))])
    if chance < 0.18:
        return b"%&=%zz&%00=%ff&;;&=&" + random.randbytes(60)
    if chance < 0.24:
        long = {name: " ".join(f"{number}@x.edu" for number in range(100_000)) for name in fields}
        return b"&".join(encoded(f"{name}={value}") for name, value in long.items())[:1_900_000]
    if chance < 0.3:  # a name that occurs twice, with several types of value
        pairs += [(name, text(random)) for name, _ in pairs]
    return b"&".join(_quoted(name, random) + b"=" + _quoted(value, random) for name, value in pairs)


def _quoted(value: str, random: Random) -> bytes:
    safe = encoded(value)
    return quote_from_bytes(safe).encode() if random.random() < 0.9 else safe[:5_000]


def multipart_body(fields: dict[str, str], boundary: str, random: Random) -> bytes:
    parts = [_part(name, text(random), random) for name in (*fields, "file", "key", "policy", "signature")]
    if random.random() < 0.06:
        parts = (parts * 3_000)[: random.choice((200, 3_000))]
    start, end = f"--{boundary}\r\n".encode(), f"--{boundary}--\r\n".encode()
    body = (start + start.join(parts) + end)[:LARGEST]
    if random.random() < 0.2:
        return body[: random.randrange(len(body))]
    if random.random() < 0.1:
        return random.randbytes(300) + body.replace(b"\r\n", random.choice((b"\n", b"\r", b"")))
    return body


def _part(name: str, value: str, random: Random) -> bytes:
    shown = name if random.random() < 0.8 else text(random)[:400]
    filename = f'; filename="{text(random)[:400]}"' if random.random() < 0.4 else ""
    kind = random.choice(("", "Content-Type: text/csv\r\n", "Content-Type: \x00/;;=\r\n", "X: y\r\n" * 60))
    head = f'Content-Disposition: form-data; name="{shown}"{filename}\r\n{kind}\r\n'
    return encoded(head) + encoded(value) + b"\r\n"


def people_list(random: Random) -> bytes:
    """CSV of people, as broken as a spreadsheet and its owner can make it."""
    delimiter = random.choice((",", ";", "\t", ", ", "|"))
    columns = ("email", "name", "role") if random.random() < 0.7 else random.choices(COLUMNS, k=5)
    lines = [delimiter.join(columns)]
    if random.random() < 0.15:
        lines.insert(0, random.choice(("sep=;", "", "\x00", '"')))
    count = random.choice((0, 1, 3, 30, 20_100)) if random.random() < 0.3 else 2
    for number in range(count):
        name = f"Person {number}" if random.random() < 0.5 or count > 100 else text(random)[:3_000]
        email = f"csv-{number}@example.edu" if random.random() < 0.7 or count > 100 else text(random)[:3_000]
        lines.append(delimiter.join((email, name, random.choice(("learner", "Lernende", "root", "")))))
    written = random.choice(("\n", "\r\n", "\r")).join(lines)
    encoding = random.choice(("utf-8", "utf-8", "utf-8", "utf-16", "utf-8-sig", "cp1252"))
    body = encoded(written) if encoding == "utf-8" else written.encode(encoding, errors="replace")
    return body if random.random() < 0.85 else body[: random.randrange(len(body) + 1)] + random.randbytes(20)


def query(names: tuple[str, ...], random: Random) -> str:
    """Query string of these parameters, some of them hostile, repeated or broken."""
    if random.random() < 0.1:
        return random.choice(("%", "%zz=%", "&&&&", "=" * 50, "a[]=1&a[]=2", "?" * 20, "%00", "\xff"))
    pairs = [(name, text(random)[:2_000]) for name in names if random.random() < 0.6]
    pairs *= random.choice((1, 1, 1, 30))
    return "&".join(f"{name}={quote(encoded(value))}" for name, value in pairs)[:30_000]
