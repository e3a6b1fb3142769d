"""Definitions of the system's figures: of the server that answers, of jobs and workers; never stored."""

import msgspec

from storage.messages import N_


class SystemFigure(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: its name in `operations.system.service.SystemHealth`. `rows`: address of what is behind it."""

    id: str
    name: str  # a catalogue key
    counts: str  # what it tells, a catalogue key
    rows: str


SYSTEM: tuple[SystemFigure, ...] = (
    SystemFigure(
        id="queue_depth",
        name=N_("Waiting jobs"),
        counts=N_("Parts of encodings that no worker has begun yet, of all queues."),
        rows="/admin#workers",
    ),
    SystemFigure(
        id="oldest_job_seconds",
        name=N_("Age of the oldest waiting job"),
        counts=N_("Time since the job that has waited longest was put into its queue."),
        rows="/admin#workers",
    ),
    SystemFigure(
        id="workers",
        name=N_("Workers"),
        counts=N_("Worker processes that were heard of within the last 45 seconds, on all machines."),
        rows="/admin#workers",
    ),
    SystemFigure(
        id="active_sessions",
        name=N_("People signed in now"),
        counts=N_("Browsers that are signed in and were seen in the last 15 minutes, each for itself."),
        rows="/admin/people",
    ),
    SystemFigure(
        id="disk",
        name=N_("Free on the disk"),
        counts=N_("Free space of the disk that holds the data folder of the server that has answered."),
        rows="/admin",
    ),
    SystemFigure(
        id="uptime_seconds",
        name=N_("Running for"),
        counts=N_("Time since the web server that has answered was started."),
        rows="/admin",
    ),
    SystemFigure(
        id="version",
        name=N_("Version"),
        counts=N_("Version of SkillStudio that the web server runs."),
        rows="/admin",
    ),
)
