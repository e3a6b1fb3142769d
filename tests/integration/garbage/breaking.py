"""Ways to break a request besides its body: method, address, headers, and an end before its end."""

import base64
from random import Random

from tests.integration.garbage.draft import Draft
from tests.integration.garbage.payloads import encoded
from tests.integration.garbage.values import text

METHODS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PRI",
    "get",
    "X" * 9_000,
)
PATHS = (
    "%",
    "%zz",
    "%00",
    "%0d%0aX: y",
    "%2e%2e%2f",
    "..",
    "//",
    "\\",
    "%ff%fe",
    "%c0%ae",
    ";x=y",
    "%25%30%30",
    "a" * 9_000,
    "%e2%80%ae",
    "*",
)
PARTS = (
    "/m/%00/%ff/master.m3u8",
    "/m/" + "a" * 40 + "/x/1080p/index.m3u8",
    "/static/../../etc/passwd",
    "/static/%2e%2e/%2e%2e/etc/passwd",
    "/api/schema/../x",
    "//evil.example/x",
    "/invite/" + "%ff" * 50,
    "/setup/%00",
    "/health/live/x",
    "/.git/config",
    "/static/",
    "/m/",
)
RANGES = (
    "bytes=0-",
    "bytes=-1",
    "bytes=5-1",
    "bytes=" + "9" * 5_000 + "-",
    "bytes=0-0," * 900 + "1-2",
    "bytes=abc",
    "items=0-1",
    "bytes",
    "",
)
DATES = (
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Mon, 30 Feb 2026 25:61:61 GMT",
    "0",
    "x" * 900,
)
TAGS = ("*", '"' + "a" * 20_000 + '"', "W/", '","' * 900, '"unclosed', "")
TYPES = (
    b"application/json; charset=utf-16",
    b"application/json; charset=x\xff",
    b"application/json;;;=",
    b"text/plain",
    b"multipart/form-data",
    b"multipart/form-data; boundary=",
    b"application/x-www-form-urlencoded; charset=klingon",
    b"application/msgpack",
    b"application/x-yaml",
    b"/",
    b"",
    b"\x7f",
    b"a" * 9_000,
    b"multipart/mixed; boundary=x",
    b"text/csv",
)
OTHER_HEADERS = (
    "accept",
    "accept-language",
    "accept-encoding",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-request-id",
    "origin",
    "referer",
    "sec-fetch-site",
    "host",
    "expect",
    "upgrade",
    "hx-request",
    "x-http-method-override",
    "skillstudio-host",
    "if-none-match",
)
HEADER_TEXTS = (
    b"",
    b"\xff\xfe",
    b"a" * 8_000,
    b"*/*;q=1e400," * 300,
    b"de;q=nan,en;q=-1,;q=,*;q=" + b"9" * 400,
    b"gzip;q=0, *;q=1",
    b"::1, 1.2.3.4, " * 400,
    b"http://[::1",
    b"http://\xc3\xbc:99999",
    b"localhost:99999999",
    b"100-continue",
    b"websocket",
    b"PATCH",
    b"delete",
    b"null",
)
LENGTHS = (b"-1", b"+5", b"0x10", b"9" * 30, b"1e3", b"", b"5, 5", b"99999999")
TUS_HEADERS = (
    "upload-length",
    "upload-offset",
    "upload-metadata",
    "upload-checksum",
    "upload-defer-length",
    "upload-concat",
    "tus-resumable",
)
TUS_VALUES = (
    b"",
    b"-1",
    b"0",
    b"4",
    b"4.0",
    b"9" * 30,
    b"9" * 17,
    b"1e3",
    b"NaN",
    b"sha1 " + b"A" * 27 + b"=",
    b"sha1 !!!",
    b"md5 AAAA",
    b"crc32 ",
    b"1.0.0",
    b"0.2.2",
    b"partial",
    b"lesson_id",
    b"lesson_id =,filename =",
    b"lesson_id eA==,lesson_id eA==",
    b"lesson_id /w==,filename /w==",
    b"\xff",
    b"k " * 4_000,
    b"," * 8_000,
)


def method(draft: Draft, random: Random) -> None:
    draft.method = random.choice(METHODS)


def path(draft: Draft, random: Random) -> None:
    chance = random.random()
    if chance < 0.2:
        draft.path = random.choice(PARTS)
        return
    pieces = draft.path.split("/")
    place = random.randrange(1, len(pieces))
    pieces[place] = random.choice(PATHS) if chance < 0.7 else pieces[place] + random.choice(PATHS)
    if chance > 0.9:
        pieces.insert(place, "")
    draft.path = "/".join(pieces)


def kind(draft: Draft, random: Random) -> None:
    draft.set_header(b"content-type", random.choice(TYPES))


def conditions(draft: Draft, random: Random) -> None:
    draft.set_header(b"range", random.choice(RANGES).encode())
    draft.set_header(b"if-range", random.choice(TAGS + DATES).encode())
    draft.set_header(b"if-none-match", random.choice(TAGS).encode())
    draft.set_header(b"if-modified-since", random.choice(DATES).encode())


def header(draft: Draft, random: Random) -> None:
    draft.set_header(random.choice(OTHER_HEADERS).encode(), random.choice(HEADER_TEXTS))


def repeated(draft: Draft, random: Random) -> None:
    """Headers twice and often: which one counts must not be a question of luck."""
    draft.headers += draft.headers
    draft.headers += [(random.choice(OTHER_HEADERS).encode(), b"a")] * random.choice((1, 20, 90))


def cookies(draft: Draft, random: Random) -> None:
    name = random.choice(
        (b"session", b"skillstudio", b"skillstudio_flash", b"__Host-skillstudio", b"\xff", b"")
    )
    value = random.choice(
        (b"a" * 60_000, b"=;" * 9_000, b'"', b"\xff" * 30, b"a.b.c", b"%00", encoded(text(random))[:200])
    )
    draft.headers.append((b"cookie", name + b"=" + value.translate(None, b"\r\n\x00")))


def credentials(draft: Draft, random: Random) -> None:
    value = random.choice(
        (b"Bearer", b"Bearer ", b"Bearer sks_", b"Bearer \xff", b"Basic YTpi", b"bearer " + b"x" * 9_000)
    )
    draft.set_header(b"authorization", value)


def cut(draft: Draft, random: Random) -> None:
    """The client goes away within the body."""
    draft.body = draft.body or b"a=1"
    draft.sent = random.randrange(len(draft.body))


def length(draft: Draft, random: Random) -> None:
    draft.length = random.choice(LENGTHS)


def chunks(draft: Draft, random: Random) -> None:
    draft.chunked = True


def upload(draft: Draft, random: Random) -> None:
    draft.set_header(b"tus-resumable", b"1.0.0")
    draft.set_header(b"content-type", b"application/offset+octet-stream")
    lesson = base64.b64encode(random.choice((b"x", b"\xff", encoded(text(random))[:300])))
    draft.set_header(b"upload-metadata", b"lesson_id " + lesson + b",filename " + base64.b64encode(b"a.mp4"))
    for name in random.sample(TUS_HEADERS, k=random.choice((0, 1, 2))):
        draft.set_header(name.encode(), random.choice(TUS_VALUES))
    draft.body = random.choice((b"", b"1234", random.randbytes(70_000)))


WAYS = (method, path, kind, conditions, header, repeated, cookies, credentials, cut, length, chunks, upload)
