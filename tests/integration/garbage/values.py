"""Hostile values: texts, numbers and JSON that are hard to read, to measure or to store."""

import json
from random import Random
from typing import Any

MARKS = ("\u0301\u0316", "\u0316\u0301")  # combining marks in both orders
TEXTS = (
    "",
    " ",
    "\x00",
    "Ada\x00Lovelace",
    "a" * 300,
    "a" * 60_000,
    "\u200b\u2060\ufeff",
    "\u202egpj.exe",
    "\u2067\u202e\u2066",
    "\u115f\u3164\u2800",
    "\ufdfa" * 40,  # one character that NFKC makes 18 of
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0010ffff\ufffe",
    "İıſß",
    "\x1b[2J\r\nINFO forged line",
    "%0d%0aSet-Cookie: a=b",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% for x in x %}%(name)s %s {0}",
    "' OR 1=1 --",
    "a@b",
    "a@" + "b." * 200 + "edu",
    '"a b"@example.edu',
    "@@@@@@@@@@" * 500,
    "\ud83d",  # the first half of a pair
    "null",
    "NaN",
    "0x10",
    "１２",
    "9" * 5000,
    "-1",
    "1e400",
    "0000-00-00",
    "9999-12-31T23:59:59Z",
    "275760-09-13T00:00:00.000Z",
    "2026-02-30",
)
NUMBERS = ("0", "-0", "-1", "1e400", "-1e400", "NaN", "Infinity", "1.5", "2147483648", "9223372036854775808")
LONG_NUMBERS = ("9" * 30, "-" + "9" * 400, "1" * 5000, "0." + "3" * 2000)
DEPTHS = (40, 900, 5_000, 400_000)
WIDTHS = (100, 6_000, 250_000)


def text(random: Random) -> str:
    if random.random() < 0.25:
        return "a" + random.choice(MARKS) * random.choice((40, 2_000, 25_000, 25_000))
    if random.random() < 0.15:
        return "".join(chr(random.choice(RANGES)(random)) for _ in range(random.randrange(1, 60)))
    return random.choice(TEXTS)


RANGES = (
    lambda random: random.randrange(0x20),
    lambda random: random.randrange(0x20, 0x7F),
    lambda random: random.randrange(0x80, 0x2FF),
    lambda random: random.randrange(0x2000, 0x2070),
    lambda random: random.randrange(0xE000, 0x10FFFF),
)


def literal(random: Random) -> str:
    """JSON of one value. Some are not JSON, or only by a lenient reader."""
    choice = random.randrange(8)
    if choice == 0:
        return random.choice(NUMBERS)
    if choice == 1:
        return random.choice(LONG_NUMBERS)
    if choice == 2:
        return random.choice(
            ("null", "true", "false", "[]", "{}", "[[]]", '{"": {"": null}}', "undefined", "")
        )
    if choice == 3:
        return _deep(random)
    if choice == 4:
        return _wide(random)
    return json.dumps(text(random), ensure_ascii=random.random() < 0.5)


def _deep(random: Random) -> str:
    depth = random.choice(DEPTHS)
    opening, inner, closing = random.choice((("[", "", "]"), ('{"a":', "1", "}"), ('[{"a":', "[]", "}]")))
    depth //= len(opening)
    return opening * depth + inner + (closing * depth if random.random() < 0.8 else "")


def _wide(random: Random) -> str:
    count = random.choice(WIDTHS)
    item = random.choice(("1", '"a@b"', '""', "[]"))
    if random.random() < 0.5:
        return "[" + ",".join([item] * count) + "]"
    return "{" + ",".join(f'"{number}":{item}' for number in range(count // 2)) + "}"


def document(fields: dict[str, Any], random: Random) -> str:
    """JSON object of these fields: some hostile, missing, unknown, or named twice."""
    pairs = [(name, json.dumps(value)) for name, value in fields.items()]
    for place, (name, _) in enumerate(pairs):
        if random.random() < 0.5:
            pairs[place] = (name, literal(random))
    if pairs and random.random() < 0.2:
        pairs.append((pairs[0][0], literal(random)))
    if random.random() < 0.1:
        pairs.append((text(random)[:200], "1"))
    if pairs and random.random() < 0.1:
        pairs.pop(random.randrange(len(pairs)))
    written = "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}"
    return written[: random.randrange(len(written))] if random.random() < 0.08 else written
