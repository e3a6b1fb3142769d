"""Strip of frames at even moments of a lecture, from the sheets that the preview of a seek uses. Pure."""

import msgspec

from transcoder.planning.plan import SHEET_COLUMNS, TILES_IN_SHEET, StoryboardPlan

# Frames of a strip: even numbers, so that a narrow screen can leave out every second one and keep the scale.
FRAME_COUNTS = (10, 6, 4, 2, 1)


class Frame(msgspec.Struct, frozen=True):
    """Frame of a strip: its place in the storyboard."""

    at: float  # seconds, where its part of the strip begins
    sheet: int
    column: int
    row: int


def frames(board: StoryboardPlan, duration: float) -> tuple[Frame, ...]:
    """Frames at the beginnings of equal parts of the lecture, fewer for one with few tiles."""
    count = next((count for count in FRAME_COUNTS if count <= board.tiles), 0)
    return tuple(_frame(board, duration * number / count) for number in range(count))


def _frame(board: StoryboardPlan, at: float) -> Frame:
    tile = min(int(at / board.interval), board.tiles - 1)
    sheet, place = divmod(tile, TILES_IN_SHEET)
    row, column = divmod(place, SHEET_COLUMNS)
    return Frame(at, sheet, column, row)
