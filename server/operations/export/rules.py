"""Names of an export's folders, and its README. Pure."""

import re
from collections.abc import Sequence

import msgspec

from server.core.text.normalize import one_line

TITLE_BYTES = 120  # of a title in a folder's name; file systems allow 255
UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')  # on the file systems that people unpack it on
ID_DIGITS = 8  # the last ones of an id, which are random

README = """# Export of SkillStudio

Everything that this server knows of people, courses and learning, and the media of its lessons, in plain
files. It was made for leaving the product; it is not a backup, and nothing reads it back.

The `.jsonl` files have one JSON object a line, in UTF-8. Times are in UTC (RFC 3339). Ids are texts that stay
the same from one export to the next. All of them show one moment, that of `institution.json`. Passwords,
sign-ins and tokens are left out.

"""
MEDIA = """## media/

One folder a lesson, `media/COURSE/LESSON/`, named in the column `folder` of `lessons.jsonl`:

- `original.*`: the file as it was uploaded, unless it has been removed from the server.
- `hls/master.m3u8`: the lecture in every size, as learners saw it, with poster and storyboard. VLC, ffmpeg
  and players for the web play it. As one file:
  `ffmpeg -i hls/master.m3u8 -map 0:v:0? -map 0:a:0? -c copy lecture.mp4`.
- `files/`: pictures of its text, and its attachments.

What was deleted on the server while the export ran is named in `missing.txt`, if there is any.
"""
NO_MEDIA = "This export was made without media.\n"


class Table(msgspec.Struct, frozen=True):
    """A file of rows: what it holds, and its columns with what each means."""

    file: str
    about: str
    columns: dict[str, str]


def folder_name(title: str, row_id: str, position: int | None = None) -> str:
    """Name of a course's or a lesson's folder: its title, made unique by the end of its id."""
    plain = one_line(UNSAFE.sub(" ", title), limit=len(title) + 1)
    short = plain.encode()[:TITLE_BYTES].decode(errors="ignore").strip(" .")
    number = f"{position + 1:03d}" if position is not None else ""
    return " ".join(part for part in (number, short, row_id[-ID_DIGITS:]) if part)


def file_name(name: str, row_id: str) -> str:
    """Name of a picture or an attachment, made unique by the end of its id; the suffix is kept."""
    stem, dot, suffix = one_line(UNSAFE.sub(" ", name), limit=len(name) + 1).rpartition(".")
    stem, dot, suffix = (stem, dot, suffix) if stem else (suffix, "", "")
    short = stem.encode()[:TITLE_BYTES].decode(errors="ignore").strip(" .")
    return f"{row_id[-ID_DIGITS:]} {short}{dot}{suffix.encode()[:20].decode(errors='ignore').strip()}".strip()


def readme(tables: Sequence[Table], *, with_media: bool) -> str:
    """README.md of an export."""
    parts = [README]
    for table in tables:
        rows = "".join(f"| `{name}` | {meaning} |\n" for name, meaning in table.columns.items())
        parts.append(f"## {table.file}\n\n{table.about}\n\n| column | meaning |\n|---|---|\n{rows}\n")
    return "".join([*parts, MEDIA if with_media else NO_MEDIA])
