"""Slides of the sample recordings, drawn dot by dot: no font has to be installed. Pure."""

from collections.abc import Sequence

import msgspec

from server.demo.recordings.glyphs import DOTS, ROWS, glyphs

WIDTH, HEIGHT = 320, 180  # dots; FFmpeg enlarges them with smooth edges
SECONDS = 11  # for which each is shown
MARGIN = 18
PAPER, INK, TITLE, BAND = (250, 248, 243), (38, 44, 56), (13, 96, 120), (13, 96, 120)

Colour = tuple[int, int, int]


class Talk(msgspec.Struct, frozen=True):
    """A sample recording: name of its file, and of each slide a title and lines."""

    filename: str
    slides: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def seconds(self) -> int:
        return SECONDS * len(self.slides)


TALKS = (
    Talk(
        "taking-notes.mp4",
        (
            ("Taking notes", ("A sample lecture", "of Northfield University", "", "SkillStudio demo")),
            ("Why write?", ("• Listen for the point", "• You can look it up", "• Writing is thinking")),
            ("Three columns", ("• Left: key words", "• Middle: what was said", "• Right: your questions")),
            ("During the lecture", ("• Phrases, no sentences", "• Leave space", "• Mark what is unclear")),
            ("Within a day", ("• Read what you wrote", "• Fill the gaps", "• Sum up in 2 sentences")),
            ("To remember", ("Notes are not a copy.", "They are the first", "repetition.")),
        ),
    ),
    Talk(
        "how-memory-works.mp4",
        (
            ("How memory works", ("A sample lecture", "of Northfield University", "", "SkillStudio demo")),
            ("Forgetting is normal", ("• Most is lost in a day", "• Each repetition", "  slows it down")),
            ("Spacing", ("• Come back after 1 day", "• then after 3 days", "• then after a week")),
            ("Testing yourself", ("• Close the book", "• Say it aloud", "• Only then look it up")),
            ("Mixing topics", ("• Feels harder", "• Works better", "• Change every half hour")),
            ("Sleep", ("• New memories settle", "  while you sleep", "• 7 hours before an exam")),
            ("To remember", ("Effort is not a sign", "of failure: it is how", "memory grows.")),
        ),
    ),
    Talk(
        "reading-a-paper.mp4",
        (
            ("Reading a paper", ("A sample lecture", "of Northfield University", "", "SkillStudio demo")),
            ("Not from front to back", ("1. Abstract", "2. Figures", "3. Conclusion", "4. The rest")),
            ("Questions", ("• What was asked?", "• How measured?", "• What is left out?")),
            ("Figures", ("• Which axes?", "• How many cases?", "• How uncertain?")),
            ("To remember", ("Read three times:", "5 minutes, 30 minutes,", "and once with a pencil.")),
        ),
    ),
)  # fmt: skip


def pixmap(title: str, lines: tuple[str, ...], place: int, count: int) -> bytes:
    """RGB rows of a slide: a band, the title in large letters, lines, and how far the talk is."""
    canvas = [[PAPER] * WIDTH for _ in range(HEIGHT)]
    for row in canvas[:6]:
        row[:] = [BAND] * WIDTH
    _write(canvas, title, MARGIN, 22, 2, TITLE)
    for number, line in enumerate(lines):
        size = 2 if place else 1
        _write(canvas, line, MARGIN, 62 + number * (ROWS * size + 8), size, INK)
    for row in canvas[HEIGHT - 4 :]:
        row[: WIDTH * (place + 1) // count] = [BAND] * (WIDTH * (place + 1) // count)
    return bytes(value for row in canvas for dot in row for value in dot)


def _write(canvas: list[list[Colour]], text: str, left: int, top: int, size: int, ink: Colour) -> None:
    """`size`: 1, or 2 for letters twice as large."""
    known = glyphs()
    for letter in text:
        dots = [[bool(row >> (DOTS - 1 - right) & 1) for right in range(DOTS)] for row in known[letter]]
        for down, row in enumerate(dots if size == 1 else doubled(dots)):
            for right, is_set in enumerate(row):
                if is_set and left + right < WIDTH:
                    canvas[top + down][left + right] = ink
        left += (DOTS + 1) * size


def doubled(dots: Sequence[Sequence[bool]]) -> list[list[bool]]:
    """Dots twice as large, with corners filled in and taken off as EPX (Scale2x) does."""

    def at(down: int, right: int) -> bool:
        return 0 <= down < len(dots) and 0 <= right < len(dots[0]) and dots[down][right]

    made = [[False] * (2 * len(dots[0])) for _ in range(2 * len(dots))]
    for down, row in enumerate(dots):
        for right, own in enumerate(row):
            above, below = at(down - 1, right), at(down + 1, right)
            before, after = at(down, right - 1), at(down, right + 1)
            corners = (
                (above, before, below, after),
                (above, after, below, before),
                (below, before, above, after),
                (below, after, above, before),
            )
            for place, (one, other, far, further) in enumerate(corners):
                joined = one == other and one != far and other != further
                made[2 * down + place // 2][2 * right + place % 2] = one if joined else own
    return made


def frames(talk: Talk) -> bytes:
    """All slides, one after the other."""
    count = len(talk.slides)
    return b"".join(pixmap(title, lines, place, count) for place, (title, lines) in enumerate(talk.slides))
