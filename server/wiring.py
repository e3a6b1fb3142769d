"""Which handlers run on which fact, and which tasks run when. Imports no web framework."""

from server.accounts import tasks as accounts
from server.core.events import Handlers
from server.core.schedule import Daily, Every, Task
from server.encoding import tasks as encoding
from server.uploads import sweep as uploads
from server.uploads.hosts import gone, rows

EVENTS: Handlers = {}  # learning and gamification bind theirs here

TASKS = (
    Task("jobs", Every(10), encoding.sweep_jobs),  # a killed worker's lease of 40 s ends within 60
    Task("objects", Every(10), encoding.purge_objects),
    Task(rows.SWEEP, Every(60), uploads.sweep_spool, per_host=True),
    Task("uploads of gone hosts", Every(gone.LOOK_SECONDS), gone.end_uploads),
    Task("finished jobs", Daily(hour=3), encoding.prune_jobs),
    Task("accounts", Every(600), accounts.clean_up),
)
