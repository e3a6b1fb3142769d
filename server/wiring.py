"""Which handlers run on which fact, and which tasks run when. Imports no web framework."""

from collections.abc import Sequence

from server.accounts import tasks as accounts
from server.analytics.payments import charges
from server.analytics.report import tasks as report
from server.analytics.rollups import marking
from server.analytics.rollups import tasks as analytics
from server.core import events
from server.core.events import Followers, Handlers
from server.core.schedule import Daily, Every, Task
from server.encoding import tasks as encoding
from server.encoding.repair import telling as damage
from server.gamification.boards import tasks as boards
from server.gamification.changes import service as changes
from server.gamification.changes import tasks as changing
from server.gamification.teams.challenges import tasks as challenges
from server.gamification.xp import tasks as gamification
from server.gamification.xp.handlers import on_fact, on_person
from server.learning import completion
from server.learning import tasks as learning
from server.learning.certificates import issuing as certificates
from server.learning.quizzes import attempts
from server.operations.notices import tasks as notices
from server.operations.privacy import retention
from server.operations.privacy.erasing import service as erasing
from server.operations.upkeep import originals
from server.outbox import sending as outbox
from server.outbox.service import TASK as OUTBOX
from server.uploads import sweep as uploads
from server.uploads.hosts import gone, rows
from server.watching.heartbeats import recording
from server.watching.heartbeats.recording import Handler
from storage.database.engine import Database
from storage.messages import N_
from storage.states import FactKind

EVENTS: Handlers = {
    FactKind.LESSON_COMPLETED: (completion.on_lesson_completed, on_fact),
    FactKind.COURSE_COMPLETED: (certificates.on_course_completed, on_fact),
    FactKind.QUIZ_PASSED: (completion.on_quiz_passed, on_fact),
    FactKind.QUIZ_PERFECT: (on_fact,),
    FactKind.REVIEW_POSTED: (on_fact,),
    FactKind.POST_CREATED: (on_fact,),
    FactKind.POST_DELETED: (on_fact,),
}
FOLLOWERS: Followers = {
    FactKind.LESSON_STARTED: completion.course_started,
    FactKind.LESSON_COMPLETED: completion.course_started,
}
PEOPLE = (on_person, marking.on_person)
DAYS = (marking.mark,)
WATCHED: Sequence[Handler] = (completion.on_watched,)  # called in the transaction of every heartbeat


def bind(database: Database) -> None:
    """Bind the handlers, once, where the database is opened."""
    events.bind(database, EVENTS, PEOPLE, DAYS, FOLLOWERS)
    recording.bind(database, WATCHED)


# While the clock is in doubt only those run that keep the machine going: every other one deletes, pays or
# ends something by its age.
TASKS = (
    # A killed worker's lease of 40 s ends within 60.
    Task("jobs", N_("Put interrupted jobs back"), Every(10), encoding.sweep_jobs, in_doubt=True),
    Task("objects", N_("Delete files that are no longer needed"), Every(60), encoding.purge_objects),
    Task(rows.SWEEP, N_("Complete or expire uploads"), Every(60), uploads.sweep_spool, per_host=True),
    Task(
        "uploads of gone hosts",
        N_("Expire uploads of machines that are gone"),
        Every(gone.LOOK_SECONDS),
        gone.end_uploads,
    ),
    Task("finished jobs", N_("Delete records of finished encodings"), Daily(hour=3), encoding.prune_jobs),
    Task("analytics", N_("Compute figures of days that are over"), Every(60), analytics.run),
    Task("weekly report", N_("Write the weekly report on Mondays"), Daily(hour=report.HOUR), report.run),
    Task("originals", N_("Remove old originals"), Daily(hour=4), originals.run),
    Task("accounts", N_("Delete ended sessions, renew keys"), Every(600), accounts.clean_up),
    Task(OUTBOX, N_("Send mails and notices"), Every(30), outbox.send_due),
    Task(
        "disk",
        N_("Look at free disk space"),
        Every(60),
        notices.look_at_disks,
        per_host=True,
        in_doubt=True,
    ),
    Task(
        "notices", N_("Look at queue, files and workers"), Every(60), notices.look_at_services, in_doubt=True
    ),
    Task("damage", N_("Tell instructors of damaged videos"), Every(60), damage.tell),
    Task("quiz attempts", N_("Grade quiz attempts whose time is up"), Every(60), attempts.close_expired),
    Task(boards.TASK, N_("Rebuild leaderboards from the ledger"), Daily(hour=2), boards.renew),
    Task("days of learning", N_("Pay XP for days of learning"), Every(10), gamification.pay_days),
    Task(changes.TASK, N_("Preview and apply changes of XP rules"), Every(10), changing.run),
    Task(charges.TASK, N_("Book periods of recurring payments"), Every(600), charges.run),
    Task(
        "challenges", N_("Count challenges and write their results"), Every(60), challenges.count_challenges
    ),
    Task(
        "course completion", N_("Complete courses that lost lessons"), Every(3600), learning.complete_courses
    ),
    Task("erasures", N_("Go on with erasures of people"), Every(10), erasing.go_on),
    Task("retention", N_("Delete what has reached its age limit"), Daily(hour=4), retention.run),
    Task("sent messages", N_("Delete records of sent mails"), Daily(hour=3), outbox.prune),
)
