"""Table of a course's learners as CSV, written while it is read."""

from collections.abc import AsyncIterator, Sequence
from zoneinfo import ZoneInfo

from server.core.text.csv_lines import BYTE_ORDER_MARK, csv_lines
from server.learning.learners import listing
from server.learning.learners.schemas import LearnerProgress
from storage.database.engine import Database

BATCH_LEARNERS = 500  # of one transaction: it is not held open while a slow client reads
COLUMNS = (
    *("name", "email", "status", "enrolled", "progress_percent", "lessons_completed", "lessons_required"),
    *("score_percent", "quizzes_passed", "quizzes", "last_seen"),
)


async def csv_of(
    database: Database, course_id: str, user_ids: Sequence[str], time_zone: str
) -> AsyncIterator[str]:
    """Text of the file in parts. `user_ids`: of `listing.in_order`, which has checked the permissions."""
    zone = ZoneInfo(time_zone)
    yield BYTE_ORDER_MARK + csv_lines([COLUMNS])
    for start in range(0, len(user_ids), BATCH_LEARNERS):
        async with database.read() as session:
            learners = await listing.rows(session, course_id, user_ids[start : start + BATCH_LEARNERS])
        yield csv_lines(_cells(learner, zone) for learner in learners)


def _cells(learner: LearnerProgress, zone: ZoneInfo) -> tuple[str, ...]:
    """Times are those of the institution, as in 2026-11-27 14:05."""
    seen = learner.last_seen
    return (
        learner.name,
        learner.email,
        learner.status,
        f"{learner.enrolled_at.astimezone(zone):%Y-%m-%d %H:%M}",
        str(learner.percent),
        str(learner.done),
        str(learner.required),
        "" if learner.score is None else str(learner.score),
        str(learner.quizzes_passed),
        str(learner.quizzes),
        f"{seen.astimezone(zone):%Y-%m-%d %H:%M}" if seen else "",
    )
