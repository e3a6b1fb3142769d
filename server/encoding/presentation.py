"""Progress texts for users, the same on the page and in its live events."""

import msgspec

from server.core.text.formats import clock_time, number, spoken_time, translated
from server.core.text.i18n import gettext as _
from server.encoding.progress import LessonProgress


class Presentation(msgspec.Struct, frozen=True):
    headline: str
    detail: str = ""  # figures, separated by dots
    hint: str = ""  # what learners see meanwhile, or what to do
    expired: str = ""  # that an upload was lost to its time limit or with its host


class PresentedProgress(LessonProgress, frozen=True, kw_only=True):
    """Payload of the events: the response of transcode/status, its texts and the actions of the page."""

    words: Presentation
    begun: bool  # an encoding exists
    wants_file: bool
    can_replace: bool


def presented(progress: LessonProgress) -> PresentedProgress:
    begun = progress.stage not in ("empty", "uploading")
    settled = progress.stage in ("ready", "failed", "cancelled")
    useful = progress.playable or progress.can_retry
    return PresentedProgress(
        **msgspec.structs.asdict(for_reader(progress)),
        words=presentation(progress),
        begun=begun,
        wants_file=not progress.uploads and (not begun or (settled and not useful)),
        can_replace=not progress.uploads and settled and useful,
    )


def for_reader(progress: LessonProgress) -> LessonProgress:
    """The same with its error and its damage as sentences in the reader's language."""
    return msgspec.structs.replace(
        progress, error=translated(progress.error) or None, damage=translated(progress.damage) or None
    )


def presentation(progress: LessonProgress) -> Presentation:
    return Presentation(
        _headline(progress.stage), " · ".join(_figures(progress)), _hint(progress), _expired(progress.expired)
    )


def _headline(stage: str) -> str:
    return {
        "empty": _("No video yet"),
        "uploading": _("The upload is not complete"),
        "storing": _("Storing the file"),
        "waiting": _("Waiting for a free encoder"),
        "checking": _("Checking the file"),
        "encoding": _("Encoding"),
        "finishing": _("Checking the result"),
        "ready": _("Ready to watch"),
        "failed": _("This video could not be encoded"),
        "cancelled": _("The encoding was stopped"),
    }[stage]


def _figures(progress: LessonProgress) -> list[str]:
    if progress.stage == "ready":
        return [clock_time(progress.duration_seconds), ", ".join(v["name"] for v in progress.variants)]
    if progress.stage == "waiting" and progress.queue_place:
        return [_place(progress.queue_place)]
    if progress.stage != "encoding":
        return []
    figures = [_("%(percent)s %%") % {"percent": progress.progress}]
    if progress.speed:
        figures.append(_("%(speed)s × real time") % {"speed": number(round(progress.speed, 1))})
    if progress.eta_seconds is not None:
        figures.append(_("about %(time)s left") % {"time": spoken_time(progress.eta_seconds)})
    return figures


def _place(place: int) -> str:
    return _("next in line") if place == 1 else _("number %(place)s in line") % {"place": place}


def _hint(progress: LessonProgress) -> str:
    replacing = progress.playable and progress.video_id != progress.job_id
    if progress.stage in ("failed", "cancelled") and replacing:
        return _("Learners still see the previous video.")
    if progress.stage == "failed" and progress.can_retry:
        return _("The parts that are finished were kept. Try again, or upload another file.")
    if progress.stage == "failed":
        return _("Upload another file.")
    if not progress.encoding:
        return ""
    if replacing:
        return _("Learners see the previous video until this one is ready.")
    if progress.playable and progress.duration_seconds:
        spans = {
            "ready": clock_time(progress.playable_seconds),
            "whole": clock_time(progress.duration_seconds),
        }
        return _("%(ready)s of %(whole)s can be watched already.") % spans
    return _("You can leave this page: the encoding continues.")


def _expired(filename: str | None) -> str:
    if filename is None:
        return ""
    told = _("The upload of %(file)s expired before all of it was stored. Upload the file again.")
    return told % {"file": filename}
